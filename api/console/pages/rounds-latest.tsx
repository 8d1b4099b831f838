import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { RoundRow, UnfinishedRow } from '../data/shapes.ts'
import { ageText, Moment, useNow } from '../parts/moment.tsx'
import { Notice } from '../parts/notice.tsx'
import { IntegrityMark, OverallMark } from '../parts/round-marks.tsx'
import { roundPath } from '../parts/url-state.ts'
import classes from './rounds-latest.module.css'

/** The newest finished round with its age, and whether something newer never finished. `unfinished` null: nobody knows. */
export function LatestRound({ row, unfinished }: { row: RoundRow | null; unfinished: readonly UnfinishedRow[] | null }) {
  const { t, i18n } = useTranslation()
  const now = useNow()
  if (row === null) return <p>{t('rounds.none')}</p>
  const newer = (unfinished ?? []).filter((one) => one.opened_at === null || one.opened_at > row.opened_at)
  return (
    <>
      <div className={classes.latest}>
        <OverallMark overall={row.overall} integrity={row.integrity} size="large" />
        <div className={classes.text}>
          <Link href={roundPath(row.artifact_id)}>{row.artifact_id}</Link>
          <span className="muted small">
            <Moment at={row.opened_at} /> · {ageText(now - Date.parse(row.opened_at), i18n.language)} · {t('rounds.estate')} {row.estate} · sop@
            {row.policy_version}
          </span>
        </div>
        <IntegrityMark integrity={row.integrity} />
      </div>
      {newer.length === 0 ? null : <Notice paint="degraded" title={t('rounds.newerUnfinished', { count: newer.length })} />}
      {unfinished === null ? <Notice paint="degraded" title={t('rounds.unfinishedUnknown')} /> : null}
    </>
  )
}
