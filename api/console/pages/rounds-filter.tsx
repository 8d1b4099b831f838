import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { estatesQuery } from '../data/queries.ts'
import { useWords } from '../parts/words.ts'
import classes from './form.module.css'

type Filter = { estate: string; overall: string; integrity: string; from: string; to: string }
const OVERALLS = [
  'BLOCKED',
  'PRODUCT_DATA_PENDING_EOD_WINDOW',
  'SERVICE_AVAILABLE_DEGRADED',
  'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  'FULL_STACK_GREEN',
  'unknown',
]
const INTEGRITIES = ['verified', 'legacy_unverified']

export function RoundsFilter({ value, onChange }: { value: Filter; onChange: (change: Partial<Filter>) => void }) {
  const { t } = useTranslation()
  const words = useWords()
  const { data } = useQuery(estatesQuery())
  const estates = [...new Set([...(data?.map((row) => row.id) ?? []), ...(value.estate === '' ? [] : [value.estate])])]
  const any = { value: '', label: t('rounds.any') }
  const isFiltered = Object.values(value).some((one) => one !== '')
  return (
    <search className={classes.form} aria-label={t('rounds.filter')}>
      <NativeSelect
        label={t('rounds.estate')}
        value={value.estate}
        onChange={(event) => onChange({ estate: event.currentTarget.value })}
        data={[any, ...estates]}
      />
      <NativeSelect
        label={t('rounds.result')}
        value={value.overall}
        onChange={(event) => onChange({ overall: event.currentTarget.value })}
        data={[any, ...OVERALLS.map((one) => ({ value: one, label: words.overall(one) }))]}
      />
      <NativeSelect
        label={t('rounds.integrity')}
        value={value.integrity}
        onChange={(event) => onChange({ integrity: event.currentTarget.value })}
        data={[any, ...INTEGRITIES.map((one) => ({ value: one, label: words.integrity(one) }))]}
      />
      <TextInput type="date" label={t('rounds.from')} value={value.from} onChange={(event) => onChange({ from: event.currentTarget.value })} />
      <TextInput type="date" label={t('rounds.to')} value={value.to} onChange={(event) => onChange({ to: event.currentTarget.value })} />
      {isFiltered ? (
        <Button variant="default" onClick={() => onChange({ estate: '', overall: '', integrity: '', from: '', to: '' })}>
          {t('rounds.clear')}
        </Button>
      ) : null}
    </search>
  )
}
