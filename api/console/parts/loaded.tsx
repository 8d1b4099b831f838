import { Button, Skeleton } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { STALE_AFTER_MS } from '../data/query-client.ts'
import { FreshnessProvider } from '../trust/trust-context.ts'
import { ageText, useNow } from './moment.tsx'
import { Notice } from './notice.tsx'
import { ProblemNotice, ProblemText } from './problem-notice.tsx'

export type LoadedQuery<T> = Pick<UseQueryResult<T>, 'data' | 'error' | 'isError' | 'dataUpdatedAt' | 'refetch'>
type LoadedProps<T> = {
  query: LoadedQuery<T>
  children: (data: T) => ReactNode
  lines?: number
}

/**
 * The one way data reaches the page: nothing while it is loading, the problem where it is not there, and with a warning and its age where it is old.
 * Only what is inside, and loaded a moment ago, may be green.
 */
export function Loaded<T>({ query, children, lines = 4 }: LoadedProps<T>) {
  const isFresh = useFresh(query)
  if (query.data === undefined) {
    return query.isError ? <ProblemNotice error={query.error} onRetry={() => void query.refetch()} /> : <Loading lines={lines} />
  }
  return (
    <FreshnessProvider value={isFresh}>
      {isFresh ? null : <StaleNotice query={query} />}
      {children(query.data)}
    </FreshnessProvider>
  )
}

/** Whether a query's data is what the server said on the last try, and that was not long ago. */
export function useFresh({ isError, dataUpdatedAt }: { isError: boolean; dataUpdatedAt: number }): boolean {
  const now = useNow()
  return !isError && dataUpdatedAt > 0 && now - dataUpdatedAt < STALE_AFTER_MS
}

function Loading({ lines }: { lines: number }) {
  const { t } = useTranslation()
  return (
    <div role="status">
      <span className="hidden-visually">{t('common.loading')}</span>
      <Skeleton height={lines * 22} radius="sm" />
    </div>
  )
}

function StaleNotice({ query }: { query: Pick<UseQueryResult<unknown>, 'error' | 'isError' | 'dataUpdatedAt' | 'refetch'> }) {
  const { t, i18n } = useTranslation()
  const now = useNow()
  const age = ageText(now - query.dataUpdatedAt, i18n.language)
  const at = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' }).format(query.dataUpdatedAt)
  return (
    <Notice paint="degraded" title={t('stale.title')} role="alert">
      <p>{t('stale.text', { at, age })}</p>
      {query.isError ? <ProblemText error={query.error} /> : null}
      <div>
        <Button size="xs" variant="default" onClick={() => void query.refetch()}>
          {t('problem.retry')}
        </Button>
      </div>
    </Notice>
  )
}
