import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { apiPath } from '../data/api-client.ts'
import { decisionsQuery, eventsQuery } from '../data/queries.ts'
import type { EventRow } from '../data/shapes.ts'
import { DataTable } from '../parts/data-table.tsx'
import { DownloadButton } from '../parts/download-button.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { LoadedPages } from '../parts/loaded-pages.tsx'
import { Moment } from '../parts/moment.tsx'
import { Section } from '../parts/section.tsx'
import { roundPath } from '../parts/url-state.ts'
import { RoundFrame } from './round-frame.tsx'

/** Everything the ledger holds about a round: its evidence, and the decisions beside it; and the round as files to take away. */
export function EventsPage({ params }: { params: { id: string } }) {
  return (
    <RoundFrame id={params.id} tab="events">
      {() => (
        <>
          <Evidence id={params.id} />
          <Decisions id={params.id} />
          <Exports id={params.id} />
        </>
      )}
    </RoundFrame>
  )
}

function Evidence({ id }: { id: string }) {
  const { t } = useTranslation()
  return (
    <Section title={t('events.evidence')} note={t('events.evidenceNote')}>
      <LoadedPages query={useInfiniteQuery(eventsQuery(id))}>{(rows) => <EventTable id={id} rows={rows} label={t('events.evidence')} />}</LoadedPages>
    </Section>
  )
}

function Decisions({ id }: { id: string }) {
  const { t } = useTranslation()
  const query = useQuery(decisionsQuery(id))
  return (
    <Section title={t('events.decisions')} note={t('events.decisionsNote')}>
      <Loaded query={query}>
        {({ rows }) => (rows.length === 0 ? <p>{t('events.noDecisions')}</p> : <EventTable id={id} rows={rows} label={t('events.decisions')} />)}
      </Loaded>
    </Section>
  )
}

function EventTable({ id, rows, label }: { id: string; rows: readonly EventRow[]; label: string }) {
  const { t } = useTranslation()
  return (
    <DataTable
      label={label}
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { key: 'time', label: t('event.time'), isBare: true, cell: (row) => <Moment at={row.time} /> },
        { key: 'type', label: t('event.type'), isBare: true, cell: (row) => <span className="word">{row.type}</span> },
        { key: 'check', label: t('event.check'), isBare: true, cell: (row) => <span className="word">{row.check_id ?? ''}</span> },
        {
          key: 'id',
          label: t('event.id'),
          isBare: true,
          cell: (row) => (
            <Link href={roundPath(id, `/events/${encodeURIComponent(row.id)}`)} className="word">
              {row.id}
            </Link>
          ),
        },
      ]}
    />
  )
}

function Exports({ id }: { id: string }) {
  const { t } = useTranslation()
  return (
    <Section title={t('exports.title')} note={t('exports.note')}>
      <p>
        <DownloadButton path={apiPath(['rounds', id, 'bundle'])} accept="application/x-tar" name={`${id}.tar`} label={t('exports.bundle')} />{' '}
        <DownloadButton path={apiPath(['rounds', id, 'events'])} accept="application/x-ndjson" name={`${id}-events.ndjson`} label={t('exports.events')} />{' '}
        <DownloadButton path={apiPath(['rounds', id, 'in-toto'])} name={`${id}-in-toto.json`} label={t('exports.inToto')} />{' '}
        <DownloadButton path={apiPath(['rounds', id, 'oscal'])} name={`${id}-oscal.json`} label={t('exports.oscal')} />
      </p>
    </Section>
  )
}
