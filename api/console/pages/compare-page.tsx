import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { diffQuery, newestRoundsQuery, roundQuery } from '../data/queries.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Moment } from '../parts/moment.tsx'
import { Notice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'
import { IntegrityMark, OverallMark } from '../parts/round-marks.tsx'
import { Section } from '../parts/section.tsx'
import { roundPath, useUrlState } from '../parts/url-state.ts'
import { DifferenceTables } from './difference.tsx'
import form from './form.module.css'
import { isRoundId } from './round-frame.tsx'
import classes from './sides.module.css'

/** Two rounds side by side, and what they conclude differently. */
export function ComparePage() {
  const { t } = useTranslation()
  const [{ a, b }, setUrl] = useUrlState(['a', 'b'])
  return (
    <Page title={t('compare.title')} lead={t('compare.lead')}>
      <Section title={t('compare.which')}>
        <Choice key={`${a} ${b}`} a={a} b={b} onChoose={setUrl} />
        {[a, b].some((id) => id !== '' && !isRoundId(id)) ? <Notice paint="bad" title={t('compare.notAnId')} role="alert" /> : null}
      </Section>
      {isRoundId(a) && isRoundId(b) ? (
        <>
          <div className={classes.sides}>
            <Side id={a} title={t('compare.first')} />
            <Side id={b} title={t('compare.second')} />
          </div>
          <Differences a={a} b={b} />
        </>
      ) : null}
    </Page>
  )
}

/** Ids are typed or chosen among the newest rounds; the browser's own list does both with a keyboard. */
function Choice({ a, b, onChoose }: { a: string; b: string; onChoose: (ids: { a: string; b: string }) => void }) {
  const { t } = useTranslation()
  const [ids, setIds] = useState({ a, b })
  const { data } = useQuery(newestRoundsQuery({ estate: '', overall: '', integrity: '', from: '', to: '' }, 100))
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    onChoose({ a: ids.a.trim(), b: ids.b.trim() })
  }
  const field = (name: 'a' | 'b') => (
    <TextInput
      className={form.wide ?? ''}
      label={t(name === 'a' ? 'compare.first' : 'compare.second')}
      value={ids[name]}
      onChange={(event) => setIds({ ...ids, [name]: event.currentTarget.value })}
      list="newest-rounds"
      spellCheck={false}
      autoComplete="off"
    />
  )
  return (
    <form className={form.form} onSubmit={submit}>
      {field('a')}
      {field('b')}
      <datalist id="newest-rounds">
        {data?.rows.map((row) => (
          <option key={row.artifact_id} value={row.artifact_id} />
        ))}
      </datalist>
      <Button type="submit">{t('rounds.compare')}</Button>
    </form>
  )
}

function Side({ id, title }: { id: string; title: string }) {
  const { t } = useTranslation()
  const query = useQuery(roundQuery(id))
  return (
    <Section title={title}>
      <Loaded query={query}>
        {(round) => (
          <div className={classes.side}>
            <Link href={roundPath(id)}>{id}</Link>
            <OverallMark overall={round.overall} integrity={round.integrity} />
            <IntegrityMark integrity={round.integrity} />
            <span className="small muted">
              <Moment at={round.opened_at} /> · {t('rounds.estate')} {round.estate} · sop@{round.policy_version}
            </span>
          </div>
        )}
      </Loaded>
    </Section>
  )
}

function Differences({ a, b }: { a: string; b: string }) {
  const query = useQuery(diffQuery(a, b))
  return <Loaded query={query}>{(difference) => <DifferenceTables difference={difference} from={a} to={b} />}</Loaded>
}
