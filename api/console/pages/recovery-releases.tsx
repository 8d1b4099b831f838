import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { TimelineResult } from '../data/shapes.ts'
import { Mark } from '../parts/mark.tsx'
import { Section } from '../parts/section.tsx'
import { releaseTone } from '../trust/tone.ts'
import classes from './declarations-page.module.css'

type Condition = { status: string; because: readonly string[] }

/** Layers, releases and service groups: each with its conditions met, or held and by what. */
export function Releases({ result }: { result: TimelineResult }) {
  const { t } = useTranslation()
  return (
    <>
      <Section title={t('recovery.releases')} note={t('recovery.releasesNote')}>
        <ul className={classes.list}>
          {result.releases.map((one) => (
            <Item key={one.phase} name={one.phase} text={t(`recovery.release.${one.phase}`)} one={one} />
          ))}
        </ul>
      </Section>
      {result.groups.length === 0 ? null : (
        <Section title={t('recovery.groups')} note={t('recovery.groupsNote')}>
          <ul className={classes.list}>
            {result.groups.map((one) => (
              <Item key={`${one.phase}/${one.id}`} name={`${one.phase}/${one.id}`} text={t(`recovery.release.${one.phase}`)} one={one} />
            ))}
          </ul>
        </Section>
      )}
      <Section title={t('recovery.phases')} note={t('recovery.phasesNote')}>
        <ul className={classes.list}>
          {result.phases.map((one) => (
            <Item key={one.gate} name={one.gate} one={one} />
          ))}
        </ul>
      </Section>
    </>
  )
}

function Item({ name, text, one }: { name: string; text?: ReactNode; one: Condition }) {
  const { t } = useTranslation()
  const isMet = one.status === 'conditions_met'
  return (
    <li className={classes.item}>
      <div>
        <Mark tone={releaseTone(one.status)} caveat="tag">
          {t(isMet ? 'recovery.met' : 'recovery.held')}
        </Mark>
      </div>
      <div className={classes.what}>
        <strong className="word">{name}</strong>
        {text === undefined ? null : <span>{text}</span>}
        <ul className={classes.because} aria-label={t(isMet ? 'declarations.because' : 'recovery.heldBy')}>
          {one.because.map((because) => (
            <li key={because} className="word">
              {because}
            </li>
          ))}
        </ul>
      </div>
    </li>
  )
}
