import type { Page, TimeRange } from '../../projector/history-store.ts'

/** A row as the program prints it: the same values under snake_case names. */
export function toJsonRow(row: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`), value]))
}

/** A page as the program prints it. */
export function toJsonPage(page: Page<object>): { rows: Record<string, unknown>[]; next: string | null } {
  return { rows: page.rows.map(toJsonRow), next: page.next }
}

/** A day stands for its first or last millisecond, UTC; without `from` or `to` the range is open to that side. */
export function toTimeRange(given: { from?: string | undefined; to?: string | undefined }): TimeRange {
  return { from: toTime(given.from ?? '0001-01-01', 'start'), to: toTime(given.to ?? '9999-12-31', 'end') }
}

/** `2026-06-27`, or a time with seconds or milliseconds, to a time with milliseconds; other text is left for the store to refuse. */
export function toTime(text: string, end: 'start' | 'end'): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return `${text}T${end === 'start' ? '00:00:00.000' : '23:59:59.999'}Z`
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text) ? text.replace('Z', end === 'start' ? '.000Z' : '.999Z') : text
}
