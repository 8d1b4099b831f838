import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../data/api-problem.ts'
import { Notice } from './notice.tsx'

/** Why something cannot be shown, in words that say what to do. Never any part of what was sent. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  const isUnknown = error instanceof ApiProblem && error.status === 404
  return (
    <Notice paint={isUnknown ? 'unknown' : 'bad'} title={t('problem.title')} role="alert">
      <ProblemText error={error} />
      {onRetry === undefined ? null : (
        <div>
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('problem.retry')}
          </Button>
        </div>
      )}
    </Notice>
  )
}

export function ProblemText({ error }: { error: unknown }) {
  const { t } = useTranslation()
  if (!(error instanceof ApiProblem)) return <p>{t('problem.internal')}</p>
  const known = knownText(error)
  return (
    <>
      {known === null ? null : <p>{t(`problem.${known}`)}</p>}
      {error.kind === 'http' ? (
        <p className="small" lang="en">
          <span className="word">{[String(error.status), error.code].filter((one) => one !== null).join(' ')}</span> {error.message}
          {error.remedy === null ? '' : ` — ${error.remedy}`}
        </p>
      ) : null}
    </>
  )
}

function knownText({ kind, status }: ApiProblem): 'network' | 'timeout' | 'not_ours' | 'signIn' | 'forbidden' | 'notFound' | 'tooMany' | 'server' | null {
  if (kind !== 'http') return kind
  if (status === 401) return 'signIn'
  if (status === 403) return 'forbidden'
  if (status === 404) return 'notFound'
  if (status === 429) return 'tooMany'
  return status >= 500 ? 'server' : null
}
