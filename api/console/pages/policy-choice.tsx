import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { policiesQuery } from '../data/queries.ts'
import { useUrlState } from '../parts/url-state.ts'
import classes from './round-frame.module.css'

/** Under which rules the page judges: those of the round, or others, which is then said plainly. */
export function PolicyChoice({ used, asked }: { used: string; asked: string | null }) {
  const { t } = useTranslation()
  const { data = [] } = useQuery(policiesQuery())
  const [, setUrl] = useUrlState(['policy'])
  const versions = [...new Set([...data.map((row) => row.version), ...(asked === null ? [] : [asked.slice(4)])])]
  return (
    <div className={classes.policy}>
      <NativeSelect
        size="xs"
        aria-label={t('round.judgedUnder')}
        value={asked ?? ''}
        onChange={(event) => setUrl({ policy: event.currentTarget.value })}
        data={[
          { value: '', label: asked === null ? t('round.ownPolicy', { version: used }) : t('round.ownPolicyPlain') },
          ...versions.map((version) => ({ value: `sop@${version}`, label: `sop@${version}` })),
        ]}
      />
      {asked === null ? null : <strong>{t('round.otherPolicy', { version: used })}</strong>}
    </div>
  )
}
