import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { rejectedQuery } from '../data/queries.ts'
import { DataTable } from '../parts/data-table.tsx'
import { LoadedPages } from '../parts/loaded-pages.tsx'
import { Moment } from '../parts/moment.tsx'
import { Section } from '../parts/section.tsx'

/** Messages of the topic that the projector could not take: why, and where they are. Their content was never kept. */
export function RejectedMessages() {
  const { t } = useTranslation()
  return (
    <Section title={t('rejected.title')} note={t('rejected.note')}>
      <LoadedPages query={useInfiniteQuery(rejectedQuery())}>
        {(rows) =>
          rows.length === 0 ? (
            <p>{t('rejected.none')}</p>
          ) : (
            <DataTable
              label={t('rejected.title')}
              rows={rows}
              rowKey={(row) => `${row.partition} ${row.offset}`}
              columns={[
                { key: 'at', label: t('event.time'), isBare: true, cell: (row) => <Moment at={row.at} /> },
                {
                  key: 'reason',
                  label: t('rejected.reason'),
                  isBare: true,
                  cell: (row) => (
                    <>
                      <strong className="word">{row.reason}</strong>
                      <div className="word small" lang="en">
                        {row.detail}
                      </div>
                    </>
                  ),
                },
                { key: 'place', label: t('rejected.place'), cell: (row) => <span className="word">{`${row.partition} / ${row.offset}`}</span> },
                { key: 'round', label: t('rounds.round'), cell: (row) => <span className="word">{row.round_id ?? t('status.unknown')}</span> },
                { key: 'event', label: t('event.id'), cell: (row) => <span className="word">{row.event_id ?? t('status.unknown')}</span> },
              ]}
            />
          )
        }
      </LoadedPages>
    </Section>
  )
}
