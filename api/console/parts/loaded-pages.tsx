import { Button } from '@mantine/core'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Page } from '../data/shapes.ts'
import { Loaded, type LoadedQuery } from './loaded.tsx'

type LoadedPagesProps<T> = {
  query: UseInfiniteQueryResult<InfiniteData<Page<T>>>
  children: (rows: readonly T[], hasMore: boolean) => ReactNode
}

/** Rows that come a page at a time, as `Loaded` shows what comes at once; and the way to the next page while there is one. */
export function LoadedPages<T>({ query, children }: LoadedPagesProps<T>) {
  const { t } = useTranslation()
  const { data, error, isError, dataUpdatedAt, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  const rows = { data: data?.pages.flatMap((page) => page.rows), error, isError, dataUpdatedAt, refetch } as unknown as LoadedQuery<T[]>
  return (
    <>
      <Loaded query={rows}>{(all) => children(all, hasNextPage)}</Loaded>
      {hasNextPage ? (
        <div>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('common.more')}
          </Button>
        </div>
      ) : null}
    </>
  )
}
