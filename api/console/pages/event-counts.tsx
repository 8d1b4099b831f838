import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { countsQuery } from '../data/queries.ts'
import type { DayCount } from '../data/shapes.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Section } from '../parts/section.tsx'

const DAYS = 30
type Day = { day: string; total: number; types: readonly DayCount[] }

/** How many events each day brought; a day without any has no row. */
export function EventCounts() {
  const { t, i18n } = useTranslation()
  const number = (count: number): string => new Intl.NumberFormat(i18n.language).format(count)
  return (
    <Section title={t('counts.title')} note={t('counts.note', { count: DAYS })}>
      <Loaded query={useQuery(countsQuery())}>
        {(rows) => (
          <DataTable
            label={t('counts.title')}
            rows={newestDays(rows)}
            rowKey={(row) => row.day}
            isDense
            columns={[
              { key: 'day', label: t('counts.day'), cell: (row) => row.day },
              { key: 'total', label: t('ledger.events'), cell: (row) => number(row.total) },
              {
                key: 'types',
                label: t('counts.types'),
                isBare: true,
                cell: (row) => (
                  <details className="small">
                    <summary>{t('counts.kinds', { count: row.types.length })}</summary>
                    <ul>
                      {row.types.map((one) => (
                        <li key={one.type} className="word">
                          {one.type} {number(one.count)}
                        </li>
                      ))}
                    </ul>
                  </details>
                ),
              },
            ]}
          />
        )}
      </Loaded>
    </Section>
  )
}

function newestDays(rows: readonly DayCount[]): Day[] {
  const days = new Map<string, DayCount[]>()
  for (const row of rows) days.set(row.day, [...(days.get(row.day) ?? []), row])
  const all = [...days].map(([day, types]) => ({ day, types, total: types.reduce((sum, one) => sum + one.count, 0) }))
  return all.sort((a, b) => (a.day < b.day ? 1 : -1)).slice(0, DAYS)
}
