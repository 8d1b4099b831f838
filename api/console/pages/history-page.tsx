import { Autocomplete, Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { catalogueQuery, estatesQuery, historyQuery, newestRoundsQuery, snapshotQuery } from '../data/queries.ts'
import type { Change } from '../data/shapes.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Section } from '../parts/section.tsx'
import { dayEnd, dayStart, roundPath, useUrlState } from '../parts/url-state.ts'
import form from './form.module.css'

const HistoryChart = lazy(async () => ({ default: (await import('./history-chart.tsx')).HistoryChart }))
const KEYS = ['kind', 'estate', 'name', 'from', 'to'] as const
type Question = Readonly<Record<(typeof KEYS)[number], string>>

/** One key of the summary, or one check, over time: only its changes, as a chart and as a table. */
export function HistoryPage() {
  const { t } = useTranslation()
  const [url, setUrl] = useUrlState(KEYS)
  const isAsked = url.estate !== '' && url.name !== ''
  return (
    <Page title={t('history.title')} lead={t('history.lead')}>
      <Section title={t('history.question')}>
        <QuestionForm key={JSON.stringify(url)} url={url} onAsk={setUrl} />
      </Section>
      {isAsked ? <Answer url={url} /> : null}
    </Page>
  )
}

function QuestionForm({ url, onAsk }: { url: Question; onAsk: (question: Question) => void }) {
  const { t } = useTranslation()
  const estates = useQuery(estatesQuery()).data?.map((row) => row.id) ?? []
  const [draft, setDraft] = useState<Question>({ ...url, kind: url.kind === 'checks' ? 'checks' : 'keys' })
  const estate = draft.estate === '' ? (estates[0] ?? '') : draft.estate
  const names = useNames(draft.kind, estate)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onAsk({ ...draft, estate, name: draft.name.trim() })
  }
  const set = (change: Partial<Question>): void => setDraft({ ...draft, ...change })
  return (
    <form className={form.form} onSubmit={submit}>
      <NativeSelect
        label={t('history.kind')}
        value={draft.kind}
        onChange={(event) => set({ kind: event.currentTarget.value, name: '' })}
        data={[
          { value: 'keys', label: t('history.aKey') },
          { value: 'checks', label: t('history.aCheck') },
        ]}
      />
      <NativeSelect
        label={t('rounds.estate')}
        value={estate}
        onChange={(event) => set({ estate: event.currentTarget.value })}
        data={[...new Set([...estates, ...(estate === '' ? [] : [estate])])]}
      />
      <Autocomplete
        className={form.wide ?? ''}
        label={t(draft.kind === 'keys' ? 'round.key' : 'event.check')}
        value={draft.name}
        onChange={(name) => set({ name })}
        data={names}
        limit={30}
        spellCheck={false}
      />
      <TextInput type="date" label={t('rounds.from')} value={draft.from} onChange={(event) => set({ from: event.currentTarget.value })} />
      <TextInput type="date" label={t('rounds.to')} value={draft.to} onChange={(event) => set({ to: event.currentTarget.value })} />
      <Button type="submit" disabled={draft.name.trim() === '' || estate === ''}>
        {t('history.ask')}
      </Button>
    </form>
  )
}

/** Names to choose from: keys and checks of the estate's newest round, and the keys every summary has. Others can be typed. */
function useNames(kind: string, estate: string): string[] {
  const newest = useQuery({ ...newestRoundsQuery({ estate, overall: '', integrity: '', from: '', to: '' }), enabled: estate !== '' }).data?.rows[0]
  const snapshot = useQuery({ ...snapshotQuery(newest?.artifact_id ?? '', null), enabled: newest !== undefined }).data
  const catalogue = useQuery(catalogueQuery()).data
  const names = kind === 'checks' ? snapshot?.checks.map((check) => check.id) : [...Object.keys(snapshot?.summary ?? {}), ...(catalogue?.summary_keys ?? [])]
  return [...new Set(names ?? [])]
}

function Answer({ url }: { url: Question }) {
  const { t } = useTranslation()
  const kind = url.kind === 'checks' ? 'checks' : 'keys'
  const query = useQuery(historyQuery({ kind, estate: url.estate, name: url.name, from: dayStart(url.from), to: dayEnd(url.to) }))
  return (
    <Section title={`${url.estate} · ${url.name}`} note={t('history.note')}>
      <Loaded query={query}>{(changes) => (changes.length === 0 ? <p>{t('history.none')}</p> : <Changes changes={changes} name={url.name} />)}</Loaded>
    </Section>
  )
}

function Changes({ changes, name }: { changes: readonly Change[]; name: string }) {
  const { t } = useTranslation()
  return (
    <>
      <Suspense fallback={<p className="muted">{t('common.loading')}</p>}>
        <HistoryChart changes={changes} name={name} />
      </Suspense>
      <DataTable
        label={t('history.changes')}
        rows={[...changes].reverse()}
        rowKey={(row) => `${row.opened_at} ${row.artifact_id}`}
        columns={[
          { key: 'at', label: t('history.since'), isBare: true, cell: (row) => <Moment at={row.opened_at} /> },
          { key: 'value', label: t('round.value'), isBare: true, cell: (row) => <strong className="word">{row.value}</strong> },
          { key: 'round', label: t('rounds.round'), isBare: true, cell: (row) => <Link href={roundPath(row.artifact_id)}>{row.artifact_id}</Link> },
        ]}
      />
    </>
  )
}
