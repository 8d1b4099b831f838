import { useTranslation } from 'react-i18next'
import type { Snapshot } from '../data/shapes.ts'
import { Notice } from '../parts/notice.tsx'
import { OverallMark, StatusMark } from '../parts/round-marks.tsx'
import { Section } from '../parts/section.tsx'
import classes from './round-coverage.module.css'

/** What had to be looked at, and what was: the denominator was declared before the round began. */
export function RoundCoverage({ snapshot }: { snapshot: Snapshot }) {
  const { t } = useTranslation()
  const { coverage, cold_start: cold, post_start: post } = snapshot
  const tiles = [
    ['expected', coverage.expected, false],
    ['observed', coverage.observed, false],
    ['unobserved', coverage.unobserved, coverage.unobserved > 0],
    ['not_evaluated', coverage.not_evaluated, coverage.not_evaluated > 0],
    ['conflicting', coverage.conflicting, coverage.conflicting > 0],
  ] as const
  return (
    <Section title={t('round.coverage')} note={t('round.coverageNote')}>
      <div className={classes.tiles}>
        {tiles.map(([name, count, isAlarm]) => (
          <div key={name} className={classes.tile} data-alarm={isAlarm}>
            <span className={classes.number}>{count}</span>
            <span className="small">{t(`round.cover.${name}`)}</span>
          </div>
        ))}
      </div>
      {coverage.undeclared.length === 0 ? null : (
        <Notice paint="degraded" title={t('round.undeclared', { count: coverage.undeclared.length })}>
          <p className="word">{coverage.undeclared.join(', ')}</p>
        </Notice>
      )}
      <div className={classes.results}>
        <div className={classes.result}>
          <span className="muted small">{t('round.coldStart')}</span>
          <StatusMark status={cold.result} />
          <Counts tally={cold} />
        </div>
        <div className={classes.result}>
          <span className="muted small">{t('round.postStart')}</span>
          <OverallMark overall={post.result} caveat="hidden" />
          <Counts tally={post} />
        </div>
      </div>
    </Section>
  )
}

function Counts({ tally }: { tally: { pass: number | null; warn: number | null; blocked: number | null } }) {
  const { t } = useTranslation()
  const number = (count: number | null): string => (count === null ? t('status.unknown') : String(count))
  return <span className="small">{t('round.tally', { pass: number(tally.pass), warn: number(tally.warn), blocked: number(tally.blocked) })}</span>
}
