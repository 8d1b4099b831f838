import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { policiesQuery, rejudgeQuery } from '../data/queries.ts'
import type { Snapshot } from '../data/shapes.ts'
import { Loaded } from '../parts/loaded.tsx'
import { OverallMark } from '../parts/round-marks.tsx'
import { Section } from '../parts/section.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { DifferenceTables } from './difference.tsx'
import form from './form.module.css'
import { RoundFrame } from './round-frame.tsx'
import classes from './sides.module.css'

/** The same evidence under the round's own policy and under another one, and what differs. */
export function PoliciesPage({ params }: { params: { id: string } }) {
  return (
    <RoundFrame id={params.id} tab="policies">
      {(snapshot) => <TwoPolicies snapshot={snapshot} />}
    </RoundFrame>
  )
}

function TwoPolicies({ snapshot }: { snapshot: Snapshot }) {
  const { t } = useTranslation()
  const policies = useQuery(policiesQuery())
  const [{ other }, setUrl] = useUrlState(['other'])
  const chosen = /^\d+(\.\d+)*$/.test(other) ? other : null
  return (
    <>
      <Section title={t('policies.title')} note={t('policies.note')}>
        <Loaded query={policies} lines={2}>
          {(rows) => (
            <div className={form.form}>
              <NativeSelect
                label={t('policies.other')}
                value={chosen ?? ''}
                onChange={(event) => setUrl({ other: event.currentTarget.value })}
                data={[{ value: '', label: t('policies.choose') }, ...rows.map((row) => ({ value: row.version, label: `sop@${row.version}` }))]}
              />
            </div>
          )}
        </Loaded>
      </Section>
      {chosen === null ? null : <Rejudged id={snapshot.artifact_id} version={chosen} />}
    </>
  )
}

function Rejudged({ id, version }: { id: string; version: string }) {
  const { t } = useTranslation()
  const own = useQuery(rejudgeQuery(id, `sop@${version}`))
  return (
    <Loaded query={own} lines={8}>
      {(result) => {
        const change = result.keys.find((one) => one.key === 'OVERALL_DECLARATION')
        const now = result.summary.OVERALL_DECLARATION ?? 'unknown'
        return (
          <>
            <div className={classes.sides}>
              <Section title={t('policies.own', { version: result.from })}>
                <div className={classes.side}>
                  <OverallMark overall={change?.a ?? now} />
                </div>
              </Section>
              <Section title={t('policies.under', { version: result.to })}>
                <div className={classes.side}>
                  <OverallMark overall={now} />
                </div>
              </Section>
            </div>
            <DifferenceTables difference={result} from={`sop@${result.from}`} to={`sop@${result.to}`} />
          </>
        )
      }}
    </Loaded>
  )
}
