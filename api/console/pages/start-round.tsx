import { Button, NativeSelect } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { postJson } from '../data/api-client.ts'
import { estatesQuery } from '../data/queries.ts'
import type { EstateRow } from '../data/shapes.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { ProblemNotice } from '../parts/problem-notice.tsx'
import { Section } from '../parts/section.tsx'
import { useHasRole } from '../parts/who-am-i.tsx'
import form from './form.module.css'

/** Starts a round over an estate that the server was started with; never over one that this page sends. */
export function StartRound() {
  const { t } = useTranslation()
  const isOperator = useHasRole('operator')
  const query = useQuery(estatesQuery())
  return (
    <Section title={t('live.start')} note={t('live.startNote')}>
      {isOperator ? (
        <Loaded query={query} lines={2}>
          {(rows) => <StartForm estates={rows.filter((row) => row.configured)} />}
        </Loaded>
      ) : (
        <Notice paint="unknown" title={t('live.notOperator')} />
      )}
    </Section>
  )
}

function StartForm({ estates }: { estates: readonly EstateRow[] }) {
  const { t } = useTranslation()
  const [, goTo] = useLocation()
  const [chosen, setChosen] = useState('')
  const estate = chosen === '' ? (estates[0]?.id ?? '') : chosen
  const start = useMutation({
    mutationFn: () => postJson<{ artifact_id: string }>('/v1/rounds', { estate }),
    onSuccess: ({ artifact_id }) => goTo(`/live/${encodeURIComponent(artifact_id)}`),
  })
  if (estates.length === 0) return <p>{t('live.noEstates')}</p>
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    start.mutate()
  }
  return (
    <>
      <form className={form.form} onSubmit={submit}>
        <NativeSelect
          label={t('rounds.estate')}
          value={estate}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={estates.map((row) => row.id)}
        />
        <Button type="submit" loading={start.isPending}>
          {t('live.startButton')}
        </Button>
      </form>
      {start.isError ? <ProblemNotice error={start.error} /> : null}
    </>
  )
}
