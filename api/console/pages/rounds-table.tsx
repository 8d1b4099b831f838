import { Button, Checkbox } from '@mantine/core'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import type { RoundRow } from '../data/shapes.ts'
import { Moment } from '../parts/moment.tsx'
import { OverallMark } from '../parts/round-marks.tsx'
import { roundPath } from '../parts/url-state.ts'
import classes from './rounds-table.module.css'

/** Written out because a table that is displayed as a grid is none to a screen reader. */
const ROLE = { table: { role: 'table' }, group: { role: 'rowgroup' }, row: { role: 'row' }, head: { role: 'columnheader' }, cell: { role: 'cell' } } as const
const ROW_HEIGHT = 53
/** The next page is asked for so many rows before the end comes into view. */
const AHEAD = 30

/** Every round, newest first. Only the rows near the window are in the document, however many there are. */
export function RoundsTable({ rows, hasMore, onEnd }: { rows: readonly RoundRow[]; hasMore: boolean; onEnd: () => void }) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<readonly string[]>([])
  const body = useRef<HTMLTableSectionElement>(null)
  const [offset, setOffset] = useState(0)
  // What stands above may grow or go at any time (notices, the legend): looked at again whenever the table is drawn.
  useEffect(() => {
    const top = body.current === null ? 0 : Math.round(body.current.getBoundingClientRect().top + window.scrollY)
    if (top !== offset) setOffset(top)
  })
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
    scrollMargin: offset,
    getItemKey: (at) => rows[at]?.artifact_id ?? at,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) onEnd()
  }, [hasMore, last, rows.length, onEnd])
  const choose = (id: string): void => setChosen((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before.slice(-1), id]))
  if (rows.length === 0) return <p>{t('rounds.noneFound')}</p>
  return (
    <>
      <p className="muted small" role="status">
        {t(hasMore ? 'rounds.loadedMore' : 'rounds.loadedAll', { count: rows.length })}
      </p>
      <table className={classes.table} {...ROLE.table} aria-label={t('rounds.all')} aria-rowcount={hasMore ? -1 : rows.length + 1}>
        <thead className={classes.group} {...ROLE.group}>
          <tr className={classes.head} {...ROLE.row} aria-rowindex={1}>
            {(['compare', 'opened', 'result', 'round', 'policy'] as const).map((name) => (
              <th key={name} {...ROLE.head}>
                {name === 'compare' ? <span className="hidden-visually">{t('rounds.compare')}</span> : t(`rounds.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body} className={classes.space} {...ROLE.group} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index]
            if (row === undefined) return null
            return (
              <tr
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={classes.row}
                {...ROLE.row}
                aria-rowindex={item.index + 2}
                style={{ transform: `translateY(${item.start - offset}px)` }}
              >
                <Cells row={row} isChosen={chosen.includes(row.artifact_id)} onChoose={() => choose(row.artifact_id)} />
              </tr>
            )
          })}
        </tbody>
      </table>
      {chosen.length === 0 ? null : <Chosen ids={chosen} onClear={() => setChosen([])} />}
    </>
  )
}

function Cells({ row, isChosen, onChoose }: { row: RoundRow; isChosen: boolean; onChoose: () => void }) {
  const { t } = useTranslation()
  return (
    <>
      <td {...ROLE.cell}>
        <Checkbox checked={isChosen} onChange={onChoose} aria-label={t('rounds.chooseToCompare', { id: row.artifact_id })} />
      </td>
      <td {...ROLE.cell}>
        <Moment at={row.opened_at} />
      </td>
      <td {...ROLE.cell}>
        <OverallMark overall={row.overall} integrity={row.integrity} caveat="tag" />
      </td>
      <td {...ROLE.cell}>
        <Link href={roundPath(row.artifact_id)}>{row.artifact_id}</Link>
      </td>
      <td {...ROLE.cell} className="muted">
        {row.policy_version}
      </td>
    </>
  )
}

function Chosen({ ids, onClear }: { ids: readonly string[]; onClear: () => void }) {
  const { t } = useTranslation()
  const [, goTo] = useLocation()
  const [b = '', a = ''] = [...ids].reverse()
  return (
    <div className={classes.chosen} role="status">
      <span className="small">{t('rounds.chosen', { count: ids.length })}</span>
      <Button size="xs" disabled={ids.length < 2} onClick={() => goTo(`/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`)}>
        {t('rounds.compare')}
      </Button>
      <Button size="xs" variant="default" onClick={onClear}>
        {t('rounds.clearChosen')}
      </Button>
    </div>
  )
}
