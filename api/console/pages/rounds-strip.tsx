import { type KeyboardEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { RoundRow } from '../data/shapes.ts'
import { Moment, utcText } from '../parts/moment.tsx'
import { OverallMark } from '../parts/round-marks.tsx'
import { ToneIcon } from '../parts/tone-icon.tsx'
import { roundPath } from '../parts/url-state.ts'
import { useWords } from '../parts/words.ts'
import { overallTone, paintOf } from '../trust/tone.ts'
import { useTrust } from '../trust/trust-context.ts'
import { Legend } from './rounds-legend.tsx'
import classes from './rounds-strip.module.css'

/** So many cells at most: the strip is for the eye; the table has them all. */
const MOST_CELLS = 120

/** The newest rounds from left (older) to right, each a shape in its colour. One stop of the Tab key; arrows go from cell to cell. */
export function RoundsStrip({ rows, hasMore }: { rows: readonly RoundRow[]; hasMore: boolean }) {
  const { t } = useTranslation()
  const cells = rows.slice(0, MOST_CELLS).reverse()
  const [chosen, setChosen] = useState<string | null>(null)
  const list = useRef<HTMLOListElement>(null)
  const shown = cells.find((row) => row.artifact_id === chosen) ?? cells.at(-1)
  if (shown === undefined) return null
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -cells.length, End: cells.length }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const at = Math.min(Math.max(cells.indexOf(shown) + step, 0), cells.length - 1)
    list.current?.querySelectorAll('a')[at]?.focus()
  }
  const isAll = cells.length === rows.length && !hasMore
  return (
    <div>
      <ol ref={list} className={classes.strip} onKeyDown={move} aria-label={t('strip.label', { count: cells.length })} aria-describedby="strip-keys">
        {cells.map((row) => (
          <li key={row.artifact_id}>
            <Cell row={row} isStop={row === shown} onChoose={() => setChosen(row.artifact_id)} />
          </li>
        ))}
      </ol>
      <span id="strip-keys" hidden>
        {t('strip.keys')}
      </span>
      <div className={classes.ends}>
        <span>{t(isAll ? 'strip.older' : 'strip.newestOnly', { count: cells.length })}</span>
        <span>{t('strip.newer')}</span>
      </div>
      <div className={classes.shown}>
        <OverallMark overall={shown.overall} integrity={shown.integrity} />
        <span>{shown.artifact_id}</span>
        <span className="muted">
          <Moment at={shown.opened_at} />
        </span>
      </div>
      <Legend />
    </div>
  )
}

function Cell({ row, isStop, onChoose }: { row: RoundRow; isStop: boolean; onChoose: () => void }) {
  const { t } = useTranslation()
  const words = useWords()
  const trust = useTrust(row.integrity)
  const paint = paintOf(overallTone(row.overall), trust)
  const caveat = trust === 'verified' ? '' : `, ${t(`trust.${trust}.short`)}`
  return (
    <Link
      href={roundPath(row.artifact_id)}
      className={classes.cell ?? ''}
      data-paint={paint}
      data-trust={trust}
      tabIndex={isStop ? 0 : -1}
      aria-label={`${utcText(row.opened_at)}: ${words.overall(row.overall)}${caveat}, ${row.artifact_id}`}
      onFocus={onChoose}
      onMouseEnter={onChoose}
    >
      <ToneIcon paint={paint} size={14} />
    </Link>
  )
}
