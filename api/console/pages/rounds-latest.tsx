import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { estatesQuery, newestRoundsQuery } from '../data/queries.ts'
import type { EstateRow, RoundRow, UnfinishedRow } from '../data/shapes.ts'
import { Loaded } from '../parts/loaded.tsx'
import { ageText, Moment, useNow } from '../parts/moment.tsx'
import { Notice } from '../parts/notice.tsx'
import { IntegrityMark, OverallMark } from '../parts/round-marks.tsx'
import { Section } from '../parts/section.tsx'
import { roundPath } from '../parts/url-state.ts'
import { FreshnessProvider, useIsFresh } from '../trust/trust-context.ts'
import classes from './rounds-latest.module.css'

type Unfinished = { readonly rows: readonly UnfinishedRow[] | null; readonly isFresh: boolean }

/**
 * The newest finished round of every estate with its age: one estate's green must not stand for another's. Green only while it is also known
 * which rounds are unfinished.
 */
export function LatestRounds({ unfinished }: { unfinished: Unfinished }) {
  const { t } = useTranslation()
  const query = useQuery(estatesQuery())
  return (
    <Section title={t('rounds.latest')} note={t('rounds.latestNote')}>
      {unfinished.rows === null ? <Notice paint="degraded" title={t('rounds.unfinishedUnknown')} /> : null}
      <Loaded query={query} lines={2}>
        {(estates) => <Estates estates={estates.filter((estate) => estate.rounds > 0)} unfinished={unfinished} />}
      </Loaded>
    </Section>
  )
}

function Estates({ estates, unfinished }: { estates: readonly EstateRow[]; unfinished: Unfinished }) {
  const { t } = useTranslation()
  if (estates.length === 0) return <p>{t('rounds.none')}</p>
  const oldest = estates.map((estate) => estate.last_opened_at ?? '').sort()[0] ?? ''
  const newer = (unfinished.rows ?? []).filter((one) => one.opened_at > oldest)
  return (
    <>
      <ul className={classes.list}>
        {estates.map((estate) => (
          <li key={estate.id}>
            <NewestOf estate={estate.id} isUnfinishedFresh={unfinished.isFresh} />
          </li>
        ))}
      </ul>
      {newer.length === 0 ? null : <Notice paint="degraded" title={t('rounds.newerUnfinished', { count: newer.length })} />}
    </>
  )
}

function NewestOf({ estate, isUnfinishedFresh }: { estate: string; isUnfinishedFresh: boolean }) {
  const query = useQuery(newestRoundsQuery({ estate, overall: '', integrity: '', from: '', to: '' }))
  return (
    <Loaded query={query} lines={2}>
      {({ rows: [row] }) => (row === undefined ? null : <Newest row={row} isUnfinishedFresh={isUnfinishedFresh} />)}
    </Loaded>
  )
}

function Newest({ row, isUnfinishedFresh }: { row: RoundRow; isUnfinishedFresh: boolean }) {
  const { t, i18n } = useTranslation()
  const now = useNow()
  const isFresh = useIsFresh()
  return (
    <FreshnessProvider value={isFresh && isUnfinishedFresh}>
      <div className={classes.latest}>
        <strong>{row.estate}</strong>
        <OverallMark overall={row.overall} integrity={row.integrity} size="large" caveat="tag" />
        <div className={classes.text}>
          <Link href={roundPath(row.artifact_id)}>{row.artifact_id}</Link>
          <span className="muted small">
            <Moment at={row.opened_at} /> · {ageText(now - Date.parse(row.opened_at), i18n.language)} · {t('rounds.policy')} sop@{row.policy_version}
          </span>
        </div>
        <IntegrityMark integrity={row.integrity} />
      </div>
    </FreshnessProvider>
  )
}
