import { useTranslation } from 'react-i18next'
import { asRecord, readEvent } from '../data/event-text.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Facts } from '../parts/facts.tsx'
import { Moment } from '../parts/moment.tsx'
import { RawJson } from '../parts/raw-json.tsx'

type Attempt = { started_at?: unknown; ms?: unknown; outcome?: unknown; status?: unknown }

/** An event's text read leniently: whatever it holds is shown as text and never as markup; what is not there is not invented. */
export function EventFacts({ text }: { text: string }) {
  const { t } = useTranslation()
  const event = readEvent(text)
  const data = asRecord(event.data)
  const attempts = Array.isArray(data.attempts) ? (data.attempts as unknown[]).map((one) => asRecord(one) as Attempt) : []
  const facts = {
    ...asRecord(data.facts),
    ...Object.fromEntries(Object.entries(data).filter(([name, value]) => !['attempts', 'facts', 'estate', 'expected'].includes(name) && isPlain(value))),
  }
  return (
    <>
      <Facts
        rows={[
          [
            t('event.type'),
            <span key="type" className="word">
              {show(event.type)}
            </span>,
          ],
          [t('event.time'), <Moment key="time" at={show(event.time)} />],
          [
            t('event.source'),
            <span key="source" className="word">
              {show(event.source)}
            </span>,
          ],
          ...Object.entries(facts).map(
            ([name, value]) =>
              [
                name,
                <span key={name} className="word">
                  {show(value)}
                </span>,
              ] as const,
          ),
        ]}
      />
      {attempts.length === 0 ? null : <Attempts attempts={attempts} />}
      <details className="small">
        <summary>{t('event.raw')}</summary>
        <RawJson text={text} />
      </details>
    </>
  )
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  const { t } = useTranslation()
  const rows = attempts.map((attempt, index) => ({ ...attempt, number: index + 1 }))
  return (
    <DataTable
      label={t('event.attempts')}
      rows={rows}
      rowKey={(row) => String(row.number)}
      columns={[
        { key: 'number', label: t('event.attempt'), cell: (row) => row.number },
        { key: 'started', label: t('event.started'), cell: (row) => <Moment at={show(row.started_at)} /> },
        { key: 'ms', label: t('event.ms'), cell: (row) => show(row.ms) },
        {
          key: 'outcome',
          label: t('event.outcome'),
          cell: (row) => (
            <span className="word">
              {show(row.outcome)}
              {row.status === undefined || row.status === null ? '' : ` · HTTP ${show(row.status)}`}
            </span>
          ),
        },
      ]}
    />
  )
}

const isPlain = (value: unknown): boolean => value !== null && ['string', 'number', 'boolean'].includes(typeof value)
const show = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value))
