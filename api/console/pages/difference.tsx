import { useTranslation } from 'react-i18next'
import type { Difference } from '../data/shapes.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Section } from '../parts/section.tsx'

/** What differs, check by check and key by key; `from` and `to` head the columns. */
export function DifferenceTables({ difference, from, to }: { difference: Difference; from: string; to: string }) {
  const { t } = useTranslation()
  const word = (text: string) => <span className="word">{text}</span>
  return (
    <>
      <Section title={t('diff.checks', { count: difference.checks.length })}>
        {difference.checks.length === 0 ? (
          <p>{t('diff.noChecks')}</p>
        ) : (
          <DataTable
            label={t('diff.checks', { count: difference.checks.length })}
            rows={difference.checks}
            rowKey={(row) => row.id}
            columns={[
              { key: 'id', label: t('event.check'), isBare: true, cell: (row) => <strong className="word">{row.id}</strong> },
              { key: 'a', label: from, cell: (row) => word(row.a) },
              { key: 'b', label: to, cell: (row) => word(row.b) },
              { key: 'reasons', label: t('diff.because'), cell: (row) => (row.reasons.length === 0 ? null : <span lang="en">{row.reasons.join('; ')}</span>) },
            ]}
          />
        )}
      </Section>
      <Section title={t('diff.keys', { count: difference.keys.length })}>
        {difference.keys.length === 0 ? (
          <p>{t('diff.noKeys')}</p>
        ) : (
          <DataTable
            label={t('diff.keys', { count: difference.keys.length })}
            rows={difference.keys}
            rowKey={(row) => row.key}
            columns={[
              { key: 'key', label: t('round.key'), isBare: true, cell: (row) => <strong className="word">{row.key}</strong> },
              { key: 'a', label: from, cell: (row) => word(row.a) },
              { key: 'b', label: to, cell: (row) => word(row.b) },
            ]}
          />
        )}
      </Section>
    </>
  )
}
