import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { timelineQuery } from '../data/queries.ts'
import type { TimelineResult } from '../data/shapes.ts'
import { Facts } from '../parts/facts.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Section } from '../parts/section.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { IntegrityProvider } from '../trust/trust-context.ts'
import form from './form.module.css'
import { Milestones } from './recovery-milestones.tsx'
import { Releases } from './recovery-releases.tsx'
import { RoundFrame } from './round-frame.tsx'

/** Where a recovery stood when the round ended, and what holds each release (docs/guards.md, timeline). */
export function RecoveryPage({ params }: { params: { id: string } }) {
  return (
    <RoundFrame id={params.id} tab="recovery">
      {(_snapshot, policy) => <Recovery id={params.id} policy={policy} />}
    </RoundFrame>
  )
}

function Recovery({ id, policy }: { id: string; policy: string | null }) {
  const [{ since }, setUrl] = useUrlState(['since'])
  const query = useQuery(timelineQuery(id, policy, since))
  return (
    <>
      <SinceForm key={since} since={since} onAsk={(value) => setUrl({ since: value })} />
      <Loaded query={query} lines={10}>
        {(result) => (
          // The guard's own word on integrity: what it says is met is as good as what it looked at.
          <IntegrityProvider value={result.round_integrity}>
            <Standing result={result} />
            <Releases result={result} />
            <Milestones milestones={result.milestones} />
          </IntegrityProvider>
        )}
      </Loaded>
    </>
  )
}

/** The operator's own power-on or reboot. It can only make more time pass, or less: nothing is allowed because time passed. */
function SinceForm({ since, onAsk }: { since: string; onAsk: (since: string) => void }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState(since)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onAsk(draft.trim())
  }
  return (
    <form className={form.form} onSubmit={submit}>
      <TextInput
        className={form.wide ?? ''}
        label={t('recovery.sinceLabel')}
        placeholder="2026-06-27T11:05:00+08:00"
        value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        maxLength={40}
        spellCheck={false}
      />
      <Button type="submit" variant="default">
        {t('recovery.count')}
      </Button>
    </form>
  )
}

/** Words of the record, without a colour: the result of the round stands above. */
function Standing({ result }: { result: TimelineResult }) {
  const { t } = useTranslation()
  const minutes = result.elapsed_minutes === null ? t('status.unknown') : t('recovery.minutes', { count: result.elapsed_minutes })
  return (
    <Section title={t('recovery.state')} note={t('recovery.stateNote')}>
      <Facts
        rows={[
          [t('recovery.layer'), <Word key="layer" words={[result.layer]} />],
          [t('recovery.since'), result.since === null ? t('status.unknown') : <Moment key="since" at={result.since} />],
          [t('recovery.sinceSource'), t(`recovery.source.${result.since_source}`)],
          [t('recovery.asOf'), <Moment key="as-of" at={result.as_of} />],
          [t('recovery.elapsed'), minutes],
          [t('recovery.planB'), <Word key="plan" words={[result.plan_b_level]} />],
          [t('recovery.closing'), <Word key="closing" words={[result.closing_state]} />],
          [t('recovery.maySay'), <Word key="may" words={result.may_say} />],
          [t('recovery.mustNotSay'), <Word key="must-not" words={result.must_not_say} />],
          [t('recovery.boots'), <Boots key="boots" boots={result.boots} />],
        ]}
      />
    </Section>
  )
}

function Word({ words }: { words: readonly string[] }) {
  const { t } = useTranslation()
  return <span className="word">{words.length === 0 ? t('common.none') : words.join(', ')}</span>
}

function Boots({ boots }: { boots: TimelineResult['boots'] }) {
  const { t } = useTranslation()
  if (boots.length === 0) return <span>{t('status.unknown')}</span>
  return (
    <>
      {boots.map(({ host, boot_time }) => (
        <div key={host}>
          <span className="word">{host}</span> {boot_time === null ? t('status.unknown') : <Moment at={boot_time} />}
        </div>
      ))}
    </>
  )
}
