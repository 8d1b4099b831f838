import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { unfinishedQuery } from '../data/queries.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Section } from '../parts/section.tsx'
import { LiveRound } from './live-round.tsx'
import { NotFoundPage } from './not-found-page.tsx'
import { isRoundId } from './round-frame.tsx'
import { StartRound } from './start-round.tsx'

/** A running round as it comes in, or those that are open, and the way to start one. */
export function LivePage({ params: { id } }: { params: { id?: string | undefined } }) {
  const { t } = useTranslation()
  if (id !== undefined && !isRoundId(id)) return <NotFoundPage />
  if (id !== undefined) return <LiveRound key={id} id={id} />
  return (
    <Page title={t('live.title')} lead={t('live.lead')}>
      <OpenRounds />
      <StartRound />
    </Page>
  )
}

function OpenRounds() {
  const { t } = useTranslation()
  const query = useQuery({ ...unfinishedQuery(), refetchInterval: 5000 })
  return (
    <Section title={t('live.open')} note={t('live.openNote')}>
      <Loaded query={query}>
        {({ rows }) => {
          const open = rows.filter((row) => row.integrity === 'unsealed')
          if (open.length === 0) return <p>{t('live.noneOpen')}</p>
          return (
            <ul>
              {open.map((row) => (
                <li key={row.artifact_id}>
                  <Link href={`/live/${encodeURIComponent(row.artifact_id)}`}>{row.artifact_id}</Link>{' '}
                  <span className="muted small">
                    <Moment at={row.opened_at} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }}
      </Loaded>
    </Section>
  )
}
