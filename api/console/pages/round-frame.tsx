import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { snapshotQuery } from '../data/queries.ts'
import type { Snapshot } from '../data/shapes.ts'
import { IntegrityBadge } from '../parts/integrity-badge.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Page } from '../parts/page.tsx'
import { OverallMark } from '../parts/round-marks.tsx'
import { roundPath, useUrlState } from '../parts/url-state.ts'
import { IntegrityProvider } from '../trust/trust-context.ts'
import { NotFoundPage } from './not-found-page.tsx'
import { PolicyChoice } from './policy-choice.tsx'
import classes from './round-frame.module.css'

export type RoundTab = 'gates' | 'recovery' | 'declarations' | 'packets' | 'events' | 'policies'
const TABS: readonly (readonly [RoundTab, string])[] = [
  ['gates', ''],
  ['recovery', '/recovery'],
  ['declarations', '/declarations'],
  ['packets', '/packets'],
  ['events', '/events'],
  ['policies', '/policies'],
]

type FrameProps = { id: string; tab: RoundTab; children: (snapshot: Snapshot, policy: string | null) => ReactNode }

/** Whether a text can be the id of a round at all: nothing else is ever sent to the server as one. */
export const isRoundId = (text: string): boolean => /^[a-z0-9][a-z0-9-]{2,99}$/.test(text)

/** What stands above every page of one round: its result, how far it can be believed, and the way to its other pages. */
export function RoundFrame({ id, tab, children }: FrameProps) {
  if (!isRoundId(id)) return <NotFoundPage />
  return (
    <KnownFrame id={id} tab={tab}>
      {children}
    </KnownFrame>
  )
}

function KnownFrame({ id, tab, children }: FrameProps) {
  const { t } = useTranslation()
  const [{ policy: asked }] = useUrlState(['policy'])
  const policy = /^sop@\d+(\.\d+)*$/.test(asked) ? asked : null
  const snapshot = useQuery(snapshotQuery(id, policy))
  return (
    <Page title={`${t(`round.tabs.${tab}`)} · ${id}`} heading={id} trail={[{ to: '/', label: t('nav.rounds') }]}>
      <Loaded query={snapshot} lines={8}>
        {(data) => (
          <IntegrityProvider value={data.evidence.integrity}>
            <div className={classes.frame}>
              <div className={classes.head}>
                <OverallMark overall={data.summary.OVERALL_DECLARATION ?? 'unknown'} size="large" />
                <PolicyChoice used={data.policy_version} asked={policy} />
              </div>
              <IntegrityBadge snapshot={data} checkedAt={snapshot.dataUpdatedAt} />
              <Tabs id={id} tab={tab} policy={policy} />
              {children(data, policy)}
            </div>
          </IntegrityProvider>
        )}
      </Loaded>
    </Page>
  )
}

function Tabs({ id, tab, policy }: { id: string; tab: RoundTab; policy: string | null }) {
  const { t } = useTranslation()
  return (
    <nav className={`${classes.tabs} no-print`} aria-label={t('round.pages')}>
      {TABS.map(([name, rest]) => (
        <Link key={name} href={roundPath(id, rest, policy)} {...(name === tab ? { 'aria-current': 'page' } : {})}>
          {t(`round.tabs.${name}`)}
        </Link>
      ))}
    </nav>
  )
}
