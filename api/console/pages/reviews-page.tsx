import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { decisionsOfTypeQuery } from '../data/queries.ts'
import type { FoundRow } from '../data/shapes.ts'
import { LoadedPages } from '../parts/loaded-pages.tsx'
import { Page } from '../parts/page.tsx'
import { Section } from '../parts/section.tsx'
import { toMarks, toPreflights, toReviews } from './decision-rows.ts'
import { MarkTable, PreflightTable, ReviewTable } from './decision-tables.tsx'
import { EscrowOfEstate } from './escrow-of-estate.tsx'

/** What waits for a reviewer, what was decided and until when, and what the escrow looks like. It only reads. */
export function ReviewsPage() {
  const { t } = useTranslation()
  return (
    <Page title={t('reviews.title')} lead={t('reviews.lead')}>
      <EscrowOfEstate />
      <Decided type="review.recorded.v1" title={t('reviews.reviews')} note={t('reviews.reviewsNote')} toRows={toReviews}>
        {(rows, hasMore) => <ReviewTable rows={rows} hasMore={hasMore} />}
      </Decided>
      <Decided type="response.preflighted.v1" title={t('reviews.preflights')} note={t('reviews.preflightsNote')} toRows={toPreflights}>
        {(rows) => <PreflightTable rows={rows} />}
      </Decided>
      <Decided type="escrow.marked.v1" title={t('reviews.marks')} note={t('reviews.marksNote')} toRows={toMarks}>
        {(rows) => <MarkTable rows={rows} />}
      </Decided>
    </Page>
  )
}

type DecidedProps<T> = {
  type: string
  title: string
  note: string
  toRows: (rows: readonly FoundRow[]) => T[]
  children: (rows: readonly T[], hasMore: boolean) => ReactNode
}

function Decided<T>({ type, title, note, toRows, children }: DecidedProps<T>) {
  const { t } = useTranslation()
  return (
    <Section title={title} note={note}>
      <LoadedPages query={useInfiniteQuery(decisionsOfTypeQuery(type))}>
        {(found, hasMore) => {
          const rows = toRows(found)
          return rows.length === 0 ? <p>{t(hasMore ? 'reviews.noneSoFar' : 'reviews.none')}</p> : children(rows, hasMore)
        }}
      </LoadedPages>
    </Section>
  )
}
