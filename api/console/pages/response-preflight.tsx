import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { apiPath, askJson } from '../data/api-client.ts'
import type { PreflightResult } from '../data/shapes.ts'
import { Notice } from '../parts/notice.tsx'
import { ProblemNotice } from '../parts/problem-notice.tsx'
import { Section } from '../parts/section.tsx'
import { useHasRole } from '../parts/who-am-i.tsx'
import classes from './form.module.css'

/** As the server has it (docs/guards.md); larger files are not sent at all. */
const MAX_BYTES = 1_048_576

/**
 * Sends a response file to the preflight and shows its reasons: codes and places. The page never reads the file, and shows, keeps or
 * logs nothing of it.
 */
export function ResponsePreflight({ id }: { id: string }) {
  const { t } = useTranslation()
  const inputId = useId()
  const input = useRef<HTMLInputElement>(null)
  const [size, setSize] = useState<number | null>(null)
  const isOwner = useHasRole('owner')
  const cache = useQueryClient()
  const preflight = useMutation({
    mutationFn: (file: File) =>
      askJson<PreflightResult>(apiPath(['rounds', id, 'guards', 'preflight']), { method: 'POST', body: file, contentType: 'application/octet-stream' }),
    onSettled: () => cache.invalidateQueries({ queryKey: ['round', id, 'decisions'] }),
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const file = input.current?.files?.[0]
    if (file !== undefined && file.size <= MAX_BYTES) preflight.mutate(file)
  }
  return (
    <Section title={t('preflight.title')} note={t('preflight.note')}>
      {isOwner ? null : <Notice paint="unknown" title={t('preflight.notOwner')} />}
      <form className={classes.form} onSubmit={submit}>
        <div className={classes.wide}>
          <label htmlFor={inputId} className="small">
            {t('preflight.file')}
          </label>
          <br />
          <input
            ref={input}
            id={inputId}
            type="file"
            accept=".json,application/json"
            disabled={!isOwner}
            onChange={(event) => setSize(event.currentTarget.files?.[0]?.size ?? null)}
          />
        </div>
        <Button type="submit" disabled={!isOwner || size === null || size > MAX_BYTES} loading={preflight.isPending}>
          {t('preflight.send')}
        </Button>
      </form>
      {size !== null && size > MAX_BYTES ? <Notice paint="bad" title={t('preflight.tooLarge', { bytes: MAX_BYTES })} role="alert" /> : null}
      {preflight.isError ? <ProblemNotice error={preflight.error} /> : null}
      {preflight.data === undefined ? null : <Outcome result={preflight.data} />}
    </Section>
  )
}

function Outcome({ result }: { result: PreflightResult }) {
  const { t } = useTranslation()
  const isReady = result.ok && result.status === 'ready_for_independent_review'
  return (
    <Notice paint={isReady ? 'unknown' : 'bad'} title={t(`preflightStatus.${result.status}`)} role="alert">
      <p className="word">
        status={result.status} expected_gates={result.expected_gates} received={result.received} accepted={result.accepted} runtime_gate={result.runtime_gate}
      </p>
      {isReady ? <p>{t('preflight.readyNote')}</p> : null}
      {result.reasons.length === 0 ? null : (
        <ul>
          {result.reasons.map((reason) => (
            <li key={`${reason.code} ${reason.pointer}`}>
              <span className="word">{reason.code}</span> {t('preflight.atPlace')} <span className="word">{reason.pointer}</span>
            </li>
          ))}
        </ul>
      )}
    </Notice>
  )
}
