import type { Sections } from '../schemas/estate.ts'
import type { EvidenceEvent } from '../schemas/event.ts'
import type { CheckVerdict } from '../schemas/snapshot.ts'
import { judgedAt } from './boot-binding.ts'
import type { JudgeContext } from './judge-check.ts'

export type Product = NonNullable<Sections['products']>[number]

/**
 * End-of-day window (policy 1.76; contract §3 result 2): a product check that fails only through blockers on the
 * estate's end-of-day list, looked at before the cut-off of the day its data is for, is pending instead of blocking.
 * It then counts as a known limit, WARN(BOUNDARY).
 */
export function judgePending(verdict: CheckVerdict, usable: readonly EvidenceEvent[], context: JudgeContext): CheckVerdict {
  const product = context.estate.sections.products?.find((one) => one.freshness === verdict.id)
  if (product?.end_of_day === undefined || !context.policy.rules.endOfDayWindow || verdict.conflicting) return verdict
  if (verdict.status !== 'BLOCKED' || usable.length !== 1) return verdict
  const event = usable[0] as EvidenceEvent
  if (event.type !== 'evidence.freshness.observed.v1') return verdict
  const { blockers, latest_date: latestDate } = event.data.facts
  // Anything but the listed blockers and the status word they cause is a failure of its own.
  const onlyBlockers = verdict.reasons.every((reason) => reason.startsWith('blocker ') || reason.startsWith('status '))
  if (!onlyBlockers || latestDate === null || !isInWindow(product, blockers ?? [], judgedAt(event, context.opened), latestDate)) return verdict
  return { ...verdict, status: 'WARN', warning_class: 'BOUNDARY', pending: true, reasons: [...verdict.reasons, `pending until ${product.end_of_day.cutoff}`] }
}

/**
 * Whether all blockers are on the end-of-day list and `at` is before the cut-off. The day is the data's own where it is
 * known: data for yesterday does not become pending again after midnight.
 */
export function isInWindow(product: Product, blockers: readonly string[], at: Date, latestDate: string | null): boolean {
  const window = product.end_of_day
  if (window === undefined || blockers.length === 0 || !blockers.every((one) => window.blockers.includes(one))) return false
  const { date, time } = localMoment(at, window.timezone)
  return (latestDate ?? date) === date && time < window.cutoff
}

function localMoment(at: Date, timeZone: string): { date: string; time: string } {
  // sv-SE prints ISO dates; the format is fixed by CLDR and does not follow the machine's locale.
  const [date = '', time = ''] = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at).split(' ')
  return { date, time }
}
