import { Button, Progress } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { askJson } from '../data/api-client.ts'
import { ledgerStatsQuery, verificationQuery } from '../data/queries.ts'
import type { Verification } from '../data/shapes.ts'
import { Digest } from '../parts/digest.tsx'
import { Facts } from '../parts/facts.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { ProblemNotice } from '../parts/problem-notice.tsx'
import { Section } from '../parts/section.tsx'
import { useIsFresh } from '../trust/trust-context.ts'
import { EventCounts } from './event-counts.tsx'
import { RejectedMessages } from './rejected-messages.tsx'

/** The ledger itself: how large it is, and whether every hash, root and seal in it is right. */
export function LedgerPage() {
  const { t, i18n } = useTranslation()
  const stats = useQuery(ledgerStatsQuery())
  const number = (count: number): string => new Intl.NumberFormat(i18n.language).format(count)
  return (
    <Page title={t('ledger.title')} lead={t('ledger.lead')}>
      <Section title={t('ledger.stats')}>
        <Loaded query={stats}>
          {(one) => (
            <Facts
              rows={[
                [t('ledger.events'), number(one.events)],
                [t('ledger.rounds'), t('ledger.roundsSealed', { rounds: number(one.rounds), sealed: number(one.sealedRounds) })],
                [t('ledger.position'), number(one.lastPosition)],
                [t('ledger.bytes'), number(one.bytes)],
              ]}
            />
          )}
        </Loaded>
      </Section>
      <Verify />
      <RejectedMessages />
      <EventCounts />
    </Page>
  )
}

function Verify() {
  const { t } = useTranslation()
  const [id, setId] = useState<string | null>(null)
  const start = useMutation({
    mutationFn: () => askJson<{ id: string }>('/v1/ledger/verifications', { method: 'POST' }),
    onSuccess: (answer) => setId(answer.id),
  })
  return (
    <Section title={t('ledger.verify')} note={t('ledger.verifyNote')}>
      <div>
        <Button loading={start.isPending} onClick={() => start.mutate()}>
          {t(id === null ? 'ledger.start' : 'ledger.again')}
        </Button>
      </div>
      {start.isError ? <ProblemNotice error={start.error} /> : null}
      {id === null ? null : <VerificationState key={id} id={id} />}
    </Section>
  )
}

function VerificationState({ id }: { id: string }) {
  const query = useQuery(verificationQuery(id))
  return <Loaded query={query}>{(one) => <State one={one} at={query.dataUpdatedAt} />}</Loaded>
}

function State({ one, at }: { one: Verification; at: number }) {
  const { t } = useTranslation()
  const isFresh = useIsFresh()
  const isRunning = one.state === 'running'
  const percent = one.total === 0 ? 0 : Math.min(100, Math.floor((one.checked / one.total) * 100))
  if (isRunning) {
    return (
      <div role="status">
        <Progress value={percent} aria-label={t('ledger.progress')} />
        <p className="small">{t('ledger.checked', { checked: one.checked, total: one.total })}</p>
      </div>
    )
  }
  const outcome = outcomeOf(one)
  return (
    <Notice
      paint={outcome === 'good' ? (isFresh ? 'good' : 'unknown') : outcome === 'bad' ? 'untrusted' : 'unknown'}
      title={t(`ledger.${outcome}`, { count: one.checked })}
      role="alert"
    >
      <p className="small">
        {t('ledger.when')} <Moment at={new Date(at).toISOString()} />
      </p>
      {outcome === 'good' && one.head !== null ? <Head head={one.head} /> : <Findings one={one} />}
    </Notice>
  )
}

function Head({ head }: { head: NonNullable<Verification['head']> }) {
  const { t } = useTranslation()
  return (
    <>
      <p>{t('ledger.noteHead')}</p>
      <Digest value={`${head.position}:${head.chain}`} />
    </>
  )
}

function Findings({ one }: { one: Verification }) {
  return (
    <ul lang="en">
      {one.code === null ? null : <li className="word">{one.code}</li>}
      {one.problems.map((problem) => (
        <li key={`${problem.code} ${problem.position}`}>
          <span className="word">{[problem.code, problem.position, problem.round_id].filter((part) => part !== null).join(' ')}</span> {problem.message}
        </li>
      ))}
    </ul>
  )
}

/** Verified, nothing found, and a head that says what was proved. What could not be looked at is neither good nor bad. */
function outcomeOf(one: Verification): 'good' | 'bad' | 'untold' {
  if (one.state === 'verified' && one.problems.length === 0 && one.head !== null) return 'good'
  return one.state === 'damaged' ? 'bad' : 'untold'
}
