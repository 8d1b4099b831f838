import { SegmentedControl, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { declarationQuery } from '../data/queries.ts'
import type { DeclarationResult } from '../data/shapes.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Mark } from '../parts/mark.tsx'
import { Notice } from '../parts/notice.tsx'
import { Section } from '../parts/section.tsx'
import { roundPath, useUrlState } from '../parts/url-state.ts'
import { IntegrityProvider } from '../trust/trust-context.ts'
import classes from './declarations-page.module.css'
import { RoundFrame } from './round-frame.tsx'

/** What may be said about a round and what may not, each with the keys and the events behind it. */
export function DeclarationsPage({ params }: { params: { id: string } }) {
  return (
    <RoundFrame id={params.id} tab="declarations">
      {(_snapshot, policy) => <Declarations id={params.id} policy={policy} />}
    </RoundFrame>
  )
}

function Declarations({ id, policy }: { id: string; policy: string | null }) {
  const { t } = useTranslation()
  const query = useQuery(declarationQuery(id, policy))
  return (
    <Section title={t('declarations.title')} note={t('declarations.note')}>
      <Loaded query={query} lines={8}>
        {(result) => (
          // The guard's own word on integrity: what it allowed is as good as what it looked at.
          <IntegrityProvider value={result.round_integrity}>
            <DeclarationList result={result} />
          </IntegrityProvider>
        )}
      </Loaded>
    </Section>
  )
}

type Which = 'all' | 'allowed' | 'forbidden'

function DeclarationList({ result }: { result: DeclarationResult }) {
  const { t } = useTranslation()
  const [{ show, find }, setUrl] = useUrlState(['show', 'find'])
  const which: Which = show === 'allowed' || show === 'forbidden' ? show : 'all'
  const [text, setText] = useState(find)
  const wanted = text.trim().toLowerCase()
  const rows = result.declarations.filter(
    (one) =>
      (which === 'all' || one.allowed === (which === 'allowed')) &&
      `${one.name} ${one.because.join(' ')} ${t(`declaration.${one.name}`)}`.toLowerCase().includes(wanted),
  )
  return (
    <>
      {result.status === 'blocked' ? <Notice paint="untrusted" title={t('declarations.blocked', { reason: result.reason ?? '' })} /> : null}
      <div className={classes.controls}>
        <SegmentedControl
          value={which}
          onChange={(value) => setUrl({ show: value === 'all' ? '' : value })}
          aria-label={t('declarations.show')}
          data={(['all', 'allowed', 'forbidden'] as const).map((value) => ({
            value,
            label: t(`declarations.${value}`, { count: value === 'all' ? result.declarations.length : result[value] }),
          }))}
        />
        <TextInput
          label={t('declarations.find')}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value)
            setUrl({ find: event.currentTarget.value })
          }}
        />
      </div>
      <p role="status" className="small muted">
        {t('declarations.found', { count: rows.length })}
      </p>
      <ul className={classes.list}>
        {rows.map((one) => (
          <DeclarationItem key={one.name} roundId={result.artifact_id} one={one} />
        ))}
      </ul>
      <Contradictions result={result} />
    </>
  )
}

function DeclarationItem({ roundId, one }: { roundId: string; one: DeclarationResult['declarations'][number] }) {
  const { t } = useTranslation()
  return (
    <li className={classes.item}>
      <div>
        <Mark tone={one.allowed ? 'good' : 'bad'} caveat="tag">
          {t(one.allowed ? 'declarations.isAllowed' : 'declarations.isForbidden')}
        </Mark>
      </div>
      <div className={classes.what}>
        <strong className="word">{one.name}</strong>
        <span>{t(`declaration.${one.name}`)}</span>
        <ul className={classes.because} aria-label={t('declarations.because')}>
          {one.because.map((because) => (
            <li key={because} className="word">
              {because}
            </li>
          ))}
        </ul>
        {one.event_ids.length === 0 ? (
          <span className="small muted">{t('declarations.noEvents')}</span>
        ) : (
          <details className="small">
            <summary>{t('declarations.evidence', { count: one.event_ids.length })}</summary>
            <ul>
              {one.event_ids.map((eventId) => (
                <li key={eventId}>
                  <Link href={roundPath(roundId, `/events/${encodeURIComponent(eventId)}`)} className="word">
                    {eventId}
                  </Link>
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </li>
  )
}

function Contradictions({ result }: { result: DeclarationResult }) {
  const { t } = useTranslation()
  if (result.contradictions.length === 0) return null
  return (
    <Notice paint="degraded" title={t('declarations.contradictions', { count: result.contradictions.length })}>
      <ul>
        {result.contradictions.map((one) => (
          <li key={one.code} className="word">
            {one.because} → {one.read_as}
          </li>
        ))}
      </ul>
    </Notice>
  )
}
