import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { apiPath } from '../data/api-client.ts'
import type { Snapshot } from '../data/shapes.ts'
import { DataTable } from '../parts/data-table.tsx'
import { DownloadButton } from '../parts/download-button.tsx'
import { Section } from '../parts/section.tsx'

/** The keys of `summary.txt` with the way to each one over time; the file itself to take away. */
export function RoundKeys({ snapshot }: { snapshot: Snapshot }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const rows = Object.entries(snapshot.summary)
    .filter(([key, value]) => `${key}=${value}`.toLowerCase().includes(text.trim().toLowerCase()))
    .map(([key, value]) => ({ key, value }))
  const file = apiPath(['rounds', snapshot.artifact_id, 'summary.txt'], { policy: `sop@${snapshot.policy_version}` })
  const toHistory = (key: string): string => `/history?kind=keys&estate=${encodeURIComponent(snapshot.estate.id)}&name=${encodeURIComponent(key)}`
  return (
    <Section
      title={t('round.keys')}
      note={t('round.keysNote')}
      aside={<DownloadButton path={file} accept="text/plain" name={`${snapshot.artifact_id}-summary.txt`} label={t('round.downloadSummary')} />}
    >
      <TextInput label={t('round.findKey')} value={text} onChange={(event) => setText(event.currentTarget.value)} maw={360} />
      <DataTable
        label={t('round.keys')}
        rows={rows}
        rowKey={(row) => row.key}
        isDense
        columns={[
          {
            key: 'key',
            label: t('round.key'),
            isBare: true,
            cell: (row) => (
              <Link href={toHistory(row.key)} className="word">
                {row.key}
              </Link>
            ),
          },
          { key: 'value', label: t('round.value'), isBare: true, cell: (row) => <span className="word">{row.value}</span> },
        ]}
      />
    </Section>
  )
}
