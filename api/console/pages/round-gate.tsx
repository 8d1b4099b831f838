import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { CheckVerdict, Snapshot } from '../data/shapes.ts'
import { StatusMark } from '../parts/round-marks.tsx'
import { CheckEvidence } from './check-evidence.tsx'
import classes from './round-gate.module.css'

type GateProps = { snapshot: Snapshot; gate: Snapshot['gates'][number]; place: number }

/** One gate with all its checks, the worst first; a gate that nobody looked at says so. */
export function RoundGate({ snapshot, gate, place }: GateProps) {
  const { t } = useTranslation()
  const checks = snapshot.checks.filter((check) => check.gate === gate.id).sort((a, b) => badness(b) - badness(a))
  const isFirst = snapshot.first_blocked_gate === gate.id
  return (
    <article className={classes.gate} data-first={isFirst} aria-label={gate.id}>
      <header className={classes.head}>
        <StatusMark status={gate.status} />
        <h3 className="word">{gate.id}</h3>
        {isFirst ? <strong>{t('round.repairFirst')}</strong> : null}
        <span className={`${classes.place} muted small`}>{t('round.place', { place, count: snapshot.gates.length })}</span>
      </header>
      {checks.length === 0 ? (
        <p className={`${classes.empty} muted small`}>{t('round.noChecks')}</p>
      ) : (
        <ul className={classes.checks}>
          {checks.map((check) => (
            <CheckItem key={check.id} snapshot={snapshot} check={check} />
          ))}
        </ul>
      )}
    </article>
  )
}

const BADNESS: Readonly<Record<string, number>> = { BLOCKED: 3, NOT_EVALUATED: 2, WARN: 1, PASS: 0 }
const badness = (check: CheckVerdict): number => BADNESS[check.status] ?? 4

function CheckItem({ snapshot, check }: { snapshot: Snapshot; check: CheckVerdict }) {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const history = `/history?kind=checks&estate=${encodeURIComponent(snapshot.estate.id)}&name=${encodeURIComponent(check.id)}`
  return (
    <li className={classes.check}>
      <div>
        <StatusMark status={check.status} warningClass={check.warning_class} />
      </div>
      <div className={classes.what}>
        <div className={classes.name}>
          <span className={`${classes.id} word`}>{check.id}</span>
          <span className="muted small">
            {check.kind} · {t(`round.severity.${check.severity}`)} · {t('round.part', { part: check.part })}
          </span>
        </div>
        {check.reasons.map((reason) => (
          <p key={reason} lang="en">
            {reason}
          </p>
        ))}
        <Flags check={check} />
        <details className="small" onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{t('round.evidence', { count: check.event_ids.length })}</summary>
          {isOpen ? <CheckEvidence roundId={snapshot.artifact_id} eventIds={check.event_ids} /> : null}
          <p>
            <Link href={history}>{t('round.overTime')}</Link>
          </p>
        </details>
      </div>
    </li>
  )
}

function Flags({ check }: { check: CheckVerdict }) {
  const { t } = useTranslation()
  const flags = [
    check.observed === 'unobserved' ? t('round.flag.unobserved') : null,
    check.conflicting ? t('round.flag.conflicting') : null,
    check.after_retry ? t('round.flag.after_retry') : null,
    check.pending ? t('round.flag.pending') : null,
    check.service_unknown ? t('round.flag.service_unknown') : null,
    check.counted ? null : t('round.flag.not_counted'),
  ].filter((flag) => flag !== null)
  if (flags.length === 0) return null
  return (
    <ul className={classes.flags}>
      {flags.map((flag) => (
        <li key={flag}>{flag}</li>
      ))}
    </ul>
  )
}
