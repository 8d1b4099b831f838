import { Button, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { searchQuery } from '../data/queries.ts'
import type { FoundRow } from '../data/shapes.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Found } from '../parts/found.tsx'
import { LoadedPages } from '../parts/loaded-pages.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Section } from '../parts/section.tsx'
import { dayEnd, dayStart, roundPath, useUrlState } from '../parts/url-state.ts'
import form from './form.module.css'

const KEYS = ['q', 'from', 'to'] as const

/** Events whose text holds these words, newest first. */
export function SearchPage() {
  const { t } = useTranslation()
  const [url, setUrl] = useUrlState(KEYS)
  return (
    <Page title={t('search.title')} lead={t('search.lead')}>
      <Section title={t('search.question')}>
        <SearchForm key={JSON.stringify(url)} url={url} onAsk={setUrl} />
      </Section>
      {url.q === '' ? null : <Results text={url.q} from={dayStart(url.from)} to={dayEnd(url.to)} />}
    </Page>
  )
}

type Question = Readonly<Record<(typeof KEYS)[number], string>>

function SearchForm({ url, onAsk }: { url: Question; onAsk: (question: Question) => void }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState<Question>(url)
  const set = (change: Partial<Question>): void => setDraft({ ...draft, ...change })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onAsk(draft)
  }
  return (
    <form className={form.form} onSubmit={submit}>
      <TextInput
        className={form.wide ?? ''}
        type="search"
        label={t('search.words')}
        value={draft.q}
        onChange={(event) => set({ q: event.currentTarget.value })}
        maxLength={1000}
        spellCheck={false}
      />
      <TextInput type="date" label={t('rounds.from')} value={draft.from} onChange={(event) => set({ from: event.currentTarget.value })} />
      <TextInput type="date" label={t('rounds.to')} value={draft.to} onChange={(event) => set({ to: event.currentTarget.value })} />
      <Button type="submit" disabled={draft.q === ''}>
        {t('nav.search')}
      </Button>
    </form>
  )
}

function Results({ text, from, to }: { text: string; from: string; to: string }) {
  const { t } = useTranslation()
  return (
    <Section title={t('search.results')}>
      <LoadedPages query={useInfiniteQuery(searchQuery(text, from, to))}>
        {(rows, hasMore) => (
          <>
            <p role="status" className="small muted">
              {t(hasMore ? 'search.foundMore' : 'search.found', { count: rows.length })}
            </p>
            {rows.length === 0 ? null : <FoundTable rows={rows} text={text} />}
          </>
        )}
      </LoadedPages>
    </Section>
  )
}

function FoundTable({ rows, text }: { rows: readonly FoundRow[]; text: string }) {
  const { t } = useTranslation()
  return (
    <DataTable
      label={t('search.results')}
      rows={rows}
      rowKey={(row) => row.id}
      columns={[
        { key: 'time', label: t('event.time'), isBare: true, cell: (row) => <Moment at={row.time} /> },
        {
          key: 'event',
          label: t('event.type'),
          isBare: true,
          cell: (row) => (
            <>
              <Link href={roundPath(row.round_id, `/events/${encodeURIComponent(row.id)}`)} className="word">
                {row.type}
                {row.check_id === null ? '' : ` · ${row.check_id}`}
              </Link>
              <Found whole={row.text} text={text} />
            </>
          ),
        },
        { key: 'round', label: t('rounds.round'), isBare: true, cell: (row) => <Link href={roundPath(row.round_id)}>{row.round_id}</Link> },
      ]}
    />
  )
}
