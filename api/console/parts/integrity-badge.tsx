import { useTranslation } from 'react-i18next'
import type { Snapshot } from '../data/shapes.ts'
import { useIsFresh } from '../trust/trust-context.ts'
import { Digest } from './digest.tsx'
import { Facts } from './facts.tsx'
import classes from './integrity-badge.module.css'
import { Moment } from './moment.tsx'
import { IntegrityMark } from './round-marks.tsx'
import { useWords } from './words.ts'

/** What was checked about a round, by whom and when, and what was not. `checkedAt`: when the server answered, ms since 1970. */
export function IntegrityBadge({ snapshot, checkedAt }: { snapshot: Snapshot; checkedAt: number }) {
  const { t } = useTranslation()
  const words = useWords()
  const isFresh = useIsFresh()
  const { integrity, integrity_reasons: reasons, count } = snapshot.evidence
  const known = words.isIntegrity(integrity) ? integrity : null
  return (
    <div className={classes.badge}>
      <div className={classes.line}>
        <IntegrityMark integrity={integrity} />
        <span className={classes.text}>{known === null ? t('integrity.unknownText') : t(`integrity.${known}.short`, { count })}</span>
      </div>
      {isFresh ? null : <p className="small">{t('integrity.old')}</p>}
      {reasons.map((reason) => (
        <p key={reason} lang="en" className="word">
          {reason}
        </p>
      ))}
      <details className="small">
        <summary>{t('integrity.what')}</summary>
        <div className={classes.more}>
          {known === null ? null : <p className={classes.text}>{t(`integrity.${known}.text`, { count })}</p>}
          <p className={classes.text}>{t('integrity.not')}</p>
          <Facts rows={factsOf(snapshot, checkedAt, t)} />
        </div>
      </details>
    </div>
  )
}

function factsOf(snapshot: Snapshot, checkedAt: number, t: ReturnType<typeof useTranslation>['t']) {
  return [
    [t('integrity.by'), t('integrity.byServer', { origin: location.origin })],
    [t('integrity.answeredAt'), <Moment key="at" at={new Date(checkedAt).toISOString()} />],
    [t('integrity.root'), <Digest key="root" value={snapshot.evidence.root} />],
    [t('integrity.count'), String(snapshot.evidence.count)],
    [t('integrity.estate'), <Digest key="estate" value={snapshot.estate.digest} />],
    [t('integrity.opened'), <Moment key="opened" at={snapshot.opened_at} />],
    [t('integrity.sealed'), snapshot.sealed_at === null ? t('integrity.notSealed') : <Moment key="sealed" at={snapshot.sealed_at} />],
    [t('integrity.summary'), <Digest key="summary" value={snapshot.summary.SUMMARY_DIGEST ?? '-'} />],
    ...(snapshot.recorded === null ? [] : ([[t('integrity.recorded'), `${snapshot.recorded.document} · ${snapshot.recorded.find}`]] as const)),
  ] as const
}
