import type { ReactNode } from 'react'
import classes from './table.module.css'

export type Column<T> = { key: string; label: string; cell: (row: T) => ReactNode; isBare?: boolean }

/** Written out because a table that is displayed as blocks (narrow screens) is none to a screen reader. */
const ROLE = { table: { role: 'table' }, group: { role: 'rowgroup' }, row: { role: 'row' }, head: { role: 'columnheader' }, cell: { role: 'cell' } } as const

/** A plain table; on narrow screens every row becomes a block with its labels (`isBare`: without). */
export function DataTable<T>({
  label,
  columns,
  rows,
  rowKey,
  isDense = false,
}: {
  label: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  rowKey: (row: T) => string
  isDense?: boolean
}) {
  return (
    <div className={classes.frame}>
      <table className={classes.table} data-dense={isDense} {...ROLE.table} aria-label={label}>
        <thead {...ROLE.group}>
          <tr {...ROLE.row}>
            {columns.map((column) => (
              <th key={column.key} {...ROLE.head}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...ROLE.group}>
          {rows.map((row) => (
            <tr key={rowKey(row)} {...ROLE.row}>
              {columns.map((column) => (
                <td key={column.key} {...ROLE.cell} {...(column.isBare ? {} : { 'data-label': column.label })}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
