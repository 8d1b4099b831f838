import { Progress } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useReducer, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { apiPath, askJson } from '../data/api-client.ts'
import { ApiProblem } from '../data/api-problem.ts'
import { followEvents, type LiveState } from '../data/follow-events.ts'
import { snapshotQuery } from '../data/queries.ts'
import type { EventRow, Page } from '../data/shapes.ts'
import { Loaded } from '../parts/loaded.tsx'
import { PlainMark } from '../parts/mark.tsx'
import { Moment } from '../parts/moment.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page as PageFrame } from '../parts/page.tsx'
import { ProblemNotice } from '../parts/problem-notice.tsx'
import { IntegrityMark, OverallMark } from '../parts/round-marks.tsx'
import { Section } from '../parts/section.tsx'
import { roundPath } from '../parts/url-state.ts'
import { IntegrityProvider } from '../trust/trust-context.ts'
import classes from './live-round.module.css'
import { doneCount, type LiveCheck, type LiveRoundState, NOTHING_SEEN, type TakenEvent, takeEvent } from './live-state.ts'

/** A round while it runs: what has come in, and no verdict before the seal. */
export function LiveRound({ id }: { id: string }) {
  const { t } = useTranslation()
  const { round, state, problem, fatal } = useLiveRound(id)
  const trail = [
    { to: '/', label: t('nav.rounds') },
    { to: '/live', label: t('nav.live') },
  ]
  return (
    <PageFrame title={`${t('live.title')} · ${id}`} heading={id} trail={trail}>
      {fatal === null ? null : <ProblemNotice error={fatal} />}
      {round.sealedAt === null ? null : <Verdict id={id} />}
      <Section title={t('live.progress')} note={t('live.progressNote')} aside={fatal === null && round.sealedAt === null ? <Connection state={state} /> : null}>
        {state === 'waiting' && problem !== null && round.sealedAt === null ? <Notice paint="degraded" title={t('live.lost')} role="status" /> : null}
        <RoundProgress round={round} />
        <Gates round={round} />
      </Section>
    </PageFrame>
  )
}

/**
 * Follows until the seal: nothing that belongs to the evidence comes after it. The stream tells what comes from now on; what came before is
 * read once it is open, so that nothing falls between the two.
 */
function useLiveRound(id: string) {
  const [round, take] = useReducer(takeEvent, NOTHING_SEEN)
  const [line, setLine] = useState<{ state: LiveState; problem: ApiProblem | null }>({ state: 'connecting', problem: null })
  const [fatal, setFatal] = useState<unknown>(null)
  useEffect(() => {
    const [stop, left] = [new AbortController(), new AbortController()]
    const onEvent = (event: TakenEvent): void => {
      take(event)
      if (event.type === 'round.sealed.v1') stop.abort()
    }
    const onState = (state: LiveState, problem: ApiProblem | null): void => {
      setLine({ state, problem })
      if (state === 'open') readEvents(id, onEvent, left.signal).catch(() => setLine({ state: 'waiting', problem: new ApiProblem('network', 'no answer') }))
    }
    followEvents(apiPath(['events', 'live'], { round: id }), { onEvent, onState }, AbortSignal.any([stop.signal, left.signal])).catch(setFatal)
    return () => left.abort()
  }, [id])
  return { round, ...line, fatal }
}

/** Everything the ledger has of a round by now. A round that is just being started is not there yet: the stream will tell. */
async function readEvents(id: string, onEvent: (event: TakenEvent) => void, signal: AbortSignal): Promise<void> {
  try {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: Page<EventRow> = await askJson(apiPath(['rounds', id, 'events'], { limit: 1000, cursor }), { signal })
      for (const row of page.rows) onEvent(row as unknown as TakenEvent)
      cursor = page.next
    }
  } catch (error) {
    const isNotThere = error instanceof ApiProblem && error.status === 404
    if (!signal.aborted && !isNotThere) throw error
  }
}

function Connection({ state }: { state: LiveState }) {
  const { t } = useTranslation()
  return (
    <span role="status">
      <PlainMark tone={state === 'waiting' ? 'degraded' : 'unknown'}>{t(`live.state.${state}`)}</PlainMark>
    </span>
  )
}

function RoundProgress({ round }: { round: LiveRoundState }) {
  const { t } = useTranslation()
  if (!round.isOpened) return <p>{t('live.notOpened')}</p>
  const [done, total] = [doneCount(round), round.checks.length]
  return (
    <div className={classes.bar}>
      <Progress value={total === 0 ? 0 : (done / total) * 100} aria-label={t('live.progress')} />
      <p role="status">
        {t('live.done', { done, total })}
        {round.sealedAt === null ? '' : ` · ${t('live.sealed')}`}
      </p>
      <p className="small muted">
        {t('live.lastEvent')} <Moment at={round.lastAt} />
      </p>
    </div>
  )
}

function Gates({ round }: { round: LiveRoundState }) {
  const others = round.checks.filter((check) => !round.gates.includes(check.gate))
  return (
    <div className={classes.gates}>
      {round.gates.map((gate) => (
        <Gate key={gate} name={gate} checks={round.checks.filter((check) => check.gate === gate)} />
      ))}
      {others.length === 0 ? null : <Gate name="?" checks={others} />}
    </div>
  )
}

/** A sign beside each word; neither of them is a verdict, so none of them is green. */
const SIGNS: Readonly<Record<LiveCheck['seen'], string>> = { waiting: '…', met: '✓', not_met: '!', reported: '≡', failed: '×', not_evaluated: '–' }

function Gate({ name, checks }: { name: string; checks: readonly LiveCheck[] }) {
  const { t } = useTranslation()
  return (
    <section className={classes.gate} aria-label={name}>
      <h3 className="word">{name}</h3>
      <ul className={classes.checks}>
        {checks.map((check) => (
          <li key={check.id} className={classes.check} data-seen={check.seen}>
            <span className={classes.sign} aria-hidden="true">
              {SIGNS[check.seen]}
            </span>
            <span>
              <span className="word">{check.id}</span> <span className="small">{t(`live.seen.${check.seen}`)}</span>
              {check.detail === '' ? null : (
                <span className="small muted" lang="en">
                  {' '}
                  {check.detail}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** After the seal the round is judged by the server from what it folded and proved. */
function Verdict({ id }: { id: string }) {
  const { t } = useTranslation()
  const query = useQuery(snapshotQuery(id, null))
  return (
    <Section title={t('live.verdict')}>
      <Loaded query={query}>
        {(snapshot) => (
          <IntegrityProvider value={snapshot.evidence.integrity}>
            <div className={classes.line} role="status">
              <OverallMark overall={snapshot.summary.OVERALL_DECLARATION ?? 'unknown'} size="large" />
              <IntegrityMark integrity={snapshot.evidence.integrity} />
              <Link href={roundPath(id)}>{t('live.toRound')}</Link>
            </div>
          </IntegrityProvider>
        )}
      </Loaded>
    </Section>
  )
}
