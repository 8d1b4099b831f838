import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { newestRoundsQuery, type RoundFilter, roundsQuery, unfinishedQuery } from '../data/queries.ts'
import type { RoundRow } from '../data/shapes.ts'
import { Loaded, useFresh } from '../parts/loaded.tsx'
import { Page } from '../parts/page.tsx'
import { Section } from '../parts/section.tsx'
import { dayEnd, dayStart, useUrlState } from '../parts/url-state.ts'
import { RoundsFilter } from './rounds-filter.tsx'
import { LatestRounds } from './rounds-latest.tsx'
import { RoundsStrip } from './rounds-strip.tsx'
import { RoundsTable } from './rounds-table.tsx'
import { UnfinishedRounds } from './rounds-unfinished.tsx'

/** Rounds over time: what is newest, what never ended or was tampered with, then all of them as a strip and a table. */
export function RoundsPage() {
  const { t } = useTranslation()
  const [url, setUrl] = useUrlState(['estate', 'overall', 'integrity', 'from', 'to'])
  const filter = { ...url, from: dayStart(url.from), to: dayEnd(url.to) }
  const rounds = useRounds(filter)
  const unfinished = useQuery(unfinishedQuery())
  const isUnfinishedFresh = useFresh(unfinished)
  return (
    <Page title={t('rounds.title')} lead={t('rounds.lead')}>
      <UnfinishedRounds query={unfinished} />
      <LatestRounds unfinished={{ rows: unfinished.data?.rows ?? null, isFresh: isUnfinishedFresh }} />
      <Section title={t('rounds.all')}>
        <RoundsFilter value={url} onChange={setUrl} />
        <Loaded query={rounds.query} lines={10}>
          {(rows) => (
            <>
              <RoundsStrip rows={rows} hasMore={rounds.hasMore} />
              <RoundsTable rows={rows} hasMore={rounds.hasMore} onEnd={rounds.loadMore} />
            </>
          )}
        </Loaded>
      </Section>
    </Page>
  )
}

/** All rounds of a filter, page by page as they are scrolled to; loaded again when the newest one is another. */
function useRounds(filter: RoundFilter) {
  const all = useInfiniteQuery(roundsQuery(filter))
  const newest = useQuery(newestRoundsQuery(filter))
  const { refetch } = all
  const rows: RoundRow[] | undefined = all.data?.pages.flatMap((page) => page.rows)
  const isBehind =
    newest.data !== undefined &&
    rows !== undefined &&
    newest.dataUpdatedAt > all.dataUpdatedAt &&
    newest.data.rows[0]?.snapshot_digest !== rows[0]?.snapshot_digest
  useEffect(() => {
    if (isBehind) void refetch()
  }, [isBehind, refetch])
  const refetchBoth = () => {
    void newest.refetch()
    return refetch()
  }
  // Known good is what the last small question confirmed; where that fails, the list is old.
  const query = {
    data: rows,
    error: all.error ?? newest.error,
    isError: all.isError || newest.isError,
    dataUpdatedAt: Math.max(newest.dataUpdatedAt, all.dataUpdatedAt),
    refetch: refetchBoth,
  }
  const loadMore = (): void => {
    if (all.hasNextPage && !all.isFetchingNextPage && !all.isError) void all.fetchNextPage()
  }
  return { query: query as never as Parameters<typeof Loaded<RoundRow[]>>[0]['query'], hasMore: all.hasNextPage, loadMore }
}
