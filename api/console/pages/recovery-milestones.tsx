import { useTranslation } from 'react-i18next'
import type { TimelineResult } from '../data/shapes.ts'
import { Mark } from '../parts/mark.tsx'
import { Section } from '../parts/section.tsx'
import { milestoneTone } from '../trust/tone.ts'
import classes from './declarations-page.module.css'

type Milestone = TimelineResult['milestones'][number]

/** Goals and Plan B are sentences of the runbook, as the guard prints them: in English. */
export function Milestones({ milestones }: { milestones: readonly Milestone[] }) {
  const { t } = useTranslation()
  return (
    <Section title={t('recovery.milestones')} note={t('recovery.milestonesNote')}>
      <ul className={classes.list}>
        {milestones.map((one) => (
          <Item key={one.at} one={one} />
        ))}
      </ul>
    </Section>
  )
}

function Item({ one }: { one: Milestone }) {
  const { t } = useTranslation()
  return (
    <li className={classes.item}>
      <div>
        <Mark tone={milestoneTone(one.status, one.due)} caveat="tag">
          {t(`recovery.milestone.${one.status}`)}
        </Mark>
      </div>
      <div className={classes.what}>
        <span>
          <strong className="word">{one.at}</strong> <span lang="en">{one.goal}</span> <span className="small muted">· {t(`recovery.due.${one.due}`)}</span>
        </span>
        {one.plan_b === null ? null : (
          <span>
            {t('recovery.planBAsks')} <span lang="en">{one.plan_b}</span>
          </span>
        )}
        {one.missing.length === 0 ? null : <Keys label={t('recovery.missing')} keys={one.missing} />}
        {one.evidence.length === 0 ? null : (
          <details className="small">
            <summary>{t('recovery.passed', { count: one.evidence.length })}</summary>
            <Keys label={t('recovery.passed', { count: one.evidence.length })} keys={one.evidence} />
          </details>
        )}
      </div>
    </li>
  )
}

function Keys({ label, keys }: { label: string; keys: readonly string[] }) {
  return (
    <ul className={classes.because} aria-label={label}>
      {keys.map((key) => (
        <li key={key} className="word">
          {key}
        </li>
      ))}
    </ul>
  )
}
