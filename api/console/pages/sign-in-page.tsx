import { Button, PasswordInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { askJson } from '../data/api-client.ts'
import { signIn, useSession } from '../data/session.ts'
import type { Me } from '../data/shapes.ts'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { ProblemNotice } from '../parts/problem-notice.tsx'
import { Section } from '../parts/section.tsx'
import classes from './form.module.css'

/** Takes a bearer token, tries it, and keeps it only where the server knows it. `isAsked`: shown in place of a page that needs one. */
export function SignInPage({ isAsked = false }: { isAsked?: boolean }) {
  const { t } = useTranslation()
  const cache = useQueryClient()
  const [, goTo] = useLocation()
  const { token: known } = useSession()
  const [token, setToken] = useState('')
  const [error, setError] = useState<unknown>(null)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const text = token.trim()
    if (text === '') return
    try {
      await askJson<Me>('/v1/me', { trialToken: text })
      setToken('')
      cache.clear()
      signIn(text)
      if (!isAsked) goTo('/')
    } catch (problem) {
      setError(problem)
    }
  }
  return (
    <Page title={t('signIn.title')} lead={t('signIn.lead')}>
      {isAsked && known === null && error === null ? <Notice paint="unknown" title={t('signIn.asked')} /> : null}
      {error === null ? null : <ProblemNotice error={error} />}
      <Section title={t('signIn.token')} note={t('signIn.note')}>
        <form className={classes.form} onSubmit={(event) => void submit(event)}>
          <PasswordInput
            label={t('signIn.token')}
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
          />
          <Button type="submit" disabled={token.trim() === ''}>
            {t('nav.signIn')}
          </Button>
        </form>
      </Section>
    </Page>
  )
}
