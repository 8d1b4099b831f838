import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { escrowQuery, estatesQuery } from '../data/queries.ts'
import type { EscrowStatus } from '../data/shapes.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PlainMark } from '../parts/mark.tsx'
import { Moment, useNow } from '../parts/moment.tsx'
import { IntegrityMark, StatusMark } from '../parts/round-marks.tsx'
import { Section } from '../parts/section.tsx'
import { roundPath, useUrlState } from '../parts/url-state.ts'
import { IntegrityProvider } from '../trust/trust-context.ts'

type Item = EscrowStatus['items'][number]

/** What the last finished round of an estate saw of its escrow, and until when the acceptances behind it hold. */
export function EscrowOfEstate() {
  const { t } = useTranslation()
  const [{ estate: asked }, setUrl] = useUrlState(['estate'])
  const estates = useQuery(estatesQuery())
  return (
    <Section title={t('reviews.escrow')} note={t('reviews.escrowNote')}>
      <Loaded query={estates} lines={2}>
        {(all) => {
          const rows = all.filter((row) => row.rounds > 0)
          const estate = asked === '' ? (rows[0]?.id ?? '') : asked
          if (estate === '') return <p>{t('rounds.none')}</p>
          const names = [...new Set([...rows.map((row) => row.id), estate])]
          return (
            <>
              <NativeSelect label={t('rounds.estate')} value={estate} onChange={(event) => setUrl({ estate: event.currentTarget.value })} data={names} />
              <OfEstate estate={estate} />
            </>
          )
        }}
      </Loaded>
    </Section>
  )
}

function OfEstate({ estate }: { estate: string }) {
  const { t } = useTranslation()
  const query = useQuery(escrowQuery(estate))
  return (
    <Loaded query={query}>
      {({ status, round }) => (
        <IntegrityProvider value={round.integrity}>
          <p>
            <IntegrityMark integrity={round.integrity} /> <Link href={roundPath(round.artifact_id)}>{round.artifact_id}</Link> · <Moment at={round.opened_at} />
          </p>
          <p>{status.items.length === 0 ? t('reviews.noItems') : t('reviews.missingCount', { count: status.escrow_missing_count })}</p>
          {status.looks.map((look) => (
            <p key={look.check} className="small word">
              {look.check}: {look.outcome}
            </p>
          ))}
          {status.items.length === 0 ? null : <Items items={status.items} />}
        </IntegrityProvider>
      )}
    </Loaded>
  )
}

function Items({ items }: { items: readonly Item[] }) {
  const { t } = useTranslation()
  const now = useNow()
  return (
    <DataTable
      label={t('reviews.escrow')}
      rows={items}
      rowKey={(row) => row.item}
      columns={[
        { key: 'level', label: t('reviews.inRound'), isBare: true, cell: (row) => <StatusMark status={row.level} /> },
        { key: 'item', label: t('reviews.item'), isBare: true, cell: (row) => <span className="word">{row.item}</span> },
        { key: 'marker', label: t('reviews.marker'), cell: (row) => <span className="word">{row.marker}</span> },
        { key: 'until', label: t('reviews.acceptedUntil'), cell: (row) => <Until at={row.review_accepted_until} now={now} /> },
      ]}
    />
  )
}

/** The round took the acceptance when it opened; one that ended since counts in no later round. */
function Until({ at, now }: { at: string | null; now: number }) {
  const { t } = useTranslation()
  if (at === null) return <span>{t('reviews.noReview')}</span>
  return (
    <>
      <Moment at={at} /> {Date.parse(at) > now ? null : <PlainMark tone="degraded">{t('reviews.endedSince')}</PlainMark>}
    </>
  )
}
