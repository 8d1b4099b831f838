import type { UseQueryResult } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Page, UnfinishedRow } from '../data/shapes.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Notice } from '../parts/notice.tsx'
import { IntegrityMark } from '../parts/round-marks.tsx'
import { roundPath } from '../parts/url-state.ts'
import classes from './rounds-unfinished.module.css'

/** Rounds that are open, broken off or tampered with, above everything else: they are in no list of results. */
export function UnfinishedRounds({ query }: { query: UseQueryResult<Page<UnfinishedRow>> }) {
  return (
    <Loaded query={query} lines={1}>
      {({ rows, next }) => (
        <>
          <Kind kind="tampered" rows={rows.filter((row) => !['unsealed', ...FINISHED].includes(row.integrity))} hasMore={next !== null} />
          <Kind kind="open" rows={rows.filter((row) => row.integrity === 'unsealed')} hasMore={next !== null} />
        </>
      )}
    </Loaded>
  )
}

/** A round that was sealed since the server listed it: it is in the list of results, or will be in a moment. */
const FINISHED = ['verified', 'legacy_unverified']
const FIRST = 5

function Kind({ kind, rows, hasMore }: { kind: 'tampered' | 'open'; rows: readonly UnfinishedRow[]; hasMore: boolean }) {
  const { t } = useTranslation()
  if (rows.length === 0) return null
  const rest = rows.slice(FIRST)
  return (
    <Notice paint={kind === 'tampered' ? 'untrusted' : 'degraded'} title={t(`rounds.${kind}`, { count: rows.length })}>
      <p className="small">{t(`rounds.${kind}Text`)}</p>
      <Rows rows={rows.slice(0, FIRST)} />
      {rest.length === 0 ? null : (
        <details>
          <summary>{t('rounds.moreOfThese', { count: rest.length })}</summary>
          <Rows rows={rest} />
        </details>
      )}
      {hasMore ? <p className="small">{t('rounds.stillMore')}</p> : null}
    </Notice>
  )
}

function Rows({ rows }: { rows: readonly UnfinishedRow[] }) {
  const { t } = useTranslation()
  return (
    <ul className={classes.list}>
      {rows.map((row) => (
        <li key={row.artifact_id} className={classes.item}>
          <IntegrityMark integrity={row.integrity} />
          <Link href={roundPath(row.artifact_id)}>{row.artifact_id}</Link>
          <span className="muted small">
            <Moment at={row.opened_at} />
          </span>
          {row.integrity === 'unsealed' ? (
            <Link href={`/live/${encodeURIComponent(row.artifact_id)}`} className="small">
              {t('rounds.watch')}
            </Link>
          ) : null}
        </li>
      ))}
    </ul>
  )
}
