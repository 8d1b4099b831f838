import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../data/api-problem.ts'
import { checkInclusion, type InclusionAnswer } from '../data/inclusion.ts'
import { eventTextQuery, proofQuery } from '../data/queries.ts'
import type { InclusionProof } from '../data/shapes.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { Digest } from '../parts/digest.tsx'
import { Facts } from '../parts/facts.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { PlainMark } from '../parts/mark.tsx'
import { RawJson } from '../parts/raw-json.tsx'
import { Section } from '../parts/section.tsx'
import { useIsFresh } from '../trust/trust-context.ts'
import { EventFacts } from './event-facts.tsx'
import { NotFoundPage } from './not-found-page.tsx'
import { RoundFrame } from './round-frame.tsx'

/** One event: what it says, its exact bytes, and the proof that it is under the round's root, checked again here. */
export function EventPage({ params: { id, eventId } }: { params: { id: string; eventId: string } }) {
  const { t } = useTranslation()
  if (!/^[0-9a-f-]{36}$/.test(eventId)) return <NotFoundPage />
  return (
    <RoundFrame id={id} tab="events">
      {(snapshot) => (
        <>
          <Content id={id} eventId={eventId} />
          <Section title={t('proof.title')} note={t('proof.note')}>
            <Proof id={id} eventId={eventId} root={snapshot.evidence.root} isSealed={isSealedRoot(snapshot.evidence.integrity)} />
          </Section>
        </>
      )}
    </RoundFrame>
  )
}

function Content({ id, eventId }: { id: string; eventId: string }) {
  const { t } = useTranslation()
  const query = useQuery(eventTextQuery(id, eventId))
  return (
    <Section title={t('event.title')} aside={<span className="word">{eventId}</span>}>
      <Loaded query={query}>
        {(text) => (
          <>
            <EventFacts text={text} />
            <div>
              <CopyButton load={() => text} label={t('event.copyRaw')} />
            </div>
          </>
        )}
      </Loaded>
    </Section>
  )
}

/** In every other round the root is only that of what is there now: to be under it proves nothing. */
function isSealedRoot(integrity: string): boolean {
  return integrity === 'verified' || integrity === 'legacy_unverified'
}

function Proof({ id, eventId, root, isSealed }: { id: string; eventId: string; root: string; isSealed: boolean }) {
  const { t } = useTranslation()
  const text = useQuery(eventTextQuery(id, eventId))
  const query = useQuery(proofQuery(id, eventId))
  if (query.error instanceof ApiProblem && query.error.status === 404 && query.data === undefined) return <p>{t('proof.none')}</p>
  return (
    <Loaded query={query}>
      {(proof) => (
        <>
          <Facts
            rows={[
              [t('proof.byServer'), <ServerWord key="server" isVerified={proof.verified} />],
              [t('proof.byBrowser'), <OwnWord key="own" text={text.data} proof={proof} root={root} isSealed={isSealed} />],
              [t('proof.leaf'), <Digest key="leaf" value={proof.leaf_hash} />],
              [t('proof.place'), t('proof.placeOf', { index: proof.index + 1, size: proof.size })],
              [t('integrity.root'), <Digest key="root" value={proof.root} />],
            ]}
          />
          <details className="small">
            <summary>{t('proof.path', { count: proof.proof.length })}</summary>
            <RawJson text={JSON.stringify(proof)} />
          </details>
        </>
      )}
    </Loaded>
  )
}

function ServerWord({ isVerified }: { isVerified: boolean }) {
  const { t } = useTranslation()
  const isFresh = useIsFresh()
  return (
    <PlainMark tone={isVerified === true ? 'good' : 'bad'} isFresh={isFresh}>
      {t(isVerified === true ? 'proof.included' : 'proof.not_included')}
    </PlainMark>
  )
}

/** What this browser computes itself from the event's bytes, the path and the root that the page shows for the round. */
function OwnWord({ text, proof, root, isSealed }: { text: string | undefined; proof: InclusionProof; root: string; isSealed: boolean }) {
  const { t } = useTranslation()
  const isFresh = useIsFresh()
  const [answer, setAnswer] = useState<InclusionAnswer | 'checking'>('checking')
  useEffect(() => {
    let isCurrent = true
    setAnswer('checking')
    if (text !== undefined) {
      void checkInclusion(new TextEncoder().encode(text), { ...proof, root }).then((result) => {
        if (isCurrent) setAnswer(result)
      })
    }
    return () => {
      isCurrent = false
    }
  }, [text, proof, root])
  const found = answer === 'included' && !isSealed ? 'not_sealed' : answer
  return (
    <PlainMark tone={found === 'included' ? 'good' : found === 'not_included' || found === 'not_sealed' ? 'bad' : 'unknown'} isFresh={isFresh}>
      {t(`proof.${found}`)}
    </PlainMark>
  )
}
