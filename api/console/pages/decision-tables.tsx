import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { DataTable } from '../parts/data-table.tsx'
import { PlainMark } from '../parts/mark.tsx'
import { Moment, useNow } from '../parts/moment.tsx'
import { roundPath } from '../parts/url-state.ts'
import { useWords } from '../parts/words.ts'
import { reviewTone } from '../trust/tone.ts'
import { useIsFresh } from '../trust/trust-context.ts'
import { type MarkRow, type PreflightRow, type ReviewRow, reviewState, type Told } from './decision-rows.ts'

const RoundLink = ({ row }: { row: Told }) => <Link href={roundPath(row.roundId)}>{row.roundId}</Link>
/** The time is the way to the event itself, with everything it says. */
const EventLink = ({ row }: { row: Told }) => (
  <Link href={roundPath(row.roundId, `/events/${encodeURIComponent(row.id)}`)}>
    <Moment at={row.time} />
  </Link>
)

/** Reviews, the newest first; `hasMore`: an older rejection that is not loaded yet could still take one back. */
export function ReviewTable({ rows, hasMore }: { rows: readonly ReviewRow[]; hasMore: boolean }) {
  const { t } = useTranslation()
  const now = useNow()
  const isFresh = useIsFresh()
  return (
    <>
      {hasMore ? <p className="small muted">{t('reviews.moreMayTakeBack')}</p> : null}
      <DataTable
        label={t('reviews.reviews')}
        rows={rows}
        rowKey={(row) => row.id}
        columns={[
          { key: 'time', label: t('event.time'), isBare: true, cell: (row) => <EventLink row={row} /> },
          {
            key: 'decision',
            label: t('reviews.decision'),
            isBare: true,
            cell: (row) => {
              const state = reviewState(row, rows, now)
              return (
                <PlainMark tone={reviewTone(state)} isFresh={isFresh}>
                  {t(`reviews.state.${state}`)}
                </PlainMark>
              )
            },
          },
          { key: 'gate', label: t('reviews.gate'), cell: (row) => <GateAndItems row={row} /> },
          { key: 'reviewer', label: t('reviews.reviewer'), cell: (row) => <span className="word">{row.reviewer}</span> },
          { key: 'owner', label: t('reviews.owner'), cell: (row) => <span className="word">{row.owner}</span> },
          { key: 'ends', label: t('reviews.ends'), cell: (row) => (row.decision === 'accepted' ? <Moment at={row.expiresAt} /> : t('common.none')) },
          { key: 'round', label: t('rounds.round'), cell: (row) => <RoundLink row={row} /> },
        ]}
      />
    </>
  )
}

function GateAndItems({ row }: { row: ReviewRow }) {
  return (
    <>
      <span className="word">{row.gate}</span>
      {row.items.length === 0 ? null : <div className="word small muted">{row.items.join(', ')}</div>}
    </>
  )
}

export function PreflightTable({ rows }: { rows: readonly PreflightRow[] }) {
  const { t } = useTranslation()
  const words = useWords()
  const isFresh = useIsFresh()
  return (
    <DataTable
      label={t('reviews.preflights')}
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { key: 'time', label: t('event.time'), isBare: true, cell: (row) => <EventLink row={row} /> },
        {
          key: 'status',
          label: t('reviews.outcome'),
          isBare: true,
          cell: (row) => (
            <>
              <PlainMark tone={row.status === 'ready_for_independent_review' ? 'pending' : 'bad'} isFresh={isFresh}>
                {words.preflight(row.status)}
              </PlainMark>
              {row.codes.length === 0 ? null : <div className="word small muted">{row.codes.join(', ')}</div>}
            </>
          ),
        },
        { key: 'gates', label: t('reviews.answered'), cell: (row) => t('reviews.answeredOf', { received: row.received, expected: row.expected }) },
        {
          key: 'by',
          label: t('reviews.submittedBy'),
          cell: (row) => <span className="word">{row.submittedBy === '' ? t('status.unknown') : row.submittedBy}</span>,
        },
        { key: 'round', label: t('rounds.round'), cell: (row) => <RoundLink row={row} /> },
      ]}
    />
  )
}

/** Markers stand beside no round, so that no link leads to one. */
export function MarkTable({ rows }: { rows: readonly MarkRow[] }) {
  const { t } = useTranslation()
  return (
    <DataTable
      label={t('reviews.marks')}
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { key: 'time', label: t('event.time'), isBare: true, cell: (row) => <Moment at={row.time} /> },
        { key: 'item', label: t('reviews.item'), isBare: true, cell: (row) => <span className="word">{row.item}</span> },
        { key: 'step', label: t('reviews.step'), isBare: true, cell: (row) => t(`reviews.dryRun.${row.dryRun ?? 'unknown'}`) },
      ]}
    />
  )
}
