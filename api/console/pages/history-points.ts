import type { Overall, PlanBLevel } from '../../../schemas/summary.ts'
import type { Change } from '../data/shapes.ts'

/** Worst first. The order of the words decides their height in the chart, so that up is always better. */
const OVERALL: readonly Overall[] = [
  'BLOCKED',
  'PRODUCT_DATA_PENDING_EOD_WINDOW',
  'SERVICE_AVAILABLE_DEGRADED',
  'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  'FULL_STACK_GREEN',
]
const PLAN_B: readonly PlanBLevel[] = [
  'B0_ABORTED_BEFORE_REBOOT',
  'B1_HOST_RECOVERY_ONLY',
  'B2_CORE_SERVICE_READY',
  'B3_SERVICE_AVAILABLE_DEGRADED',
  'B4_FULL_STACK_GREEN',
  'B5_DR_COMPLETE',
]
const ORDER: readonly string[] = ['unknown', 'absent', 'CHECK_FAILED', ...OVERALL, 'NOT_EVALUATED', 'DEGRADED', 'WARN', 'PASS', 'GREEN', ...PLAN_B]

export type ChartPoint = { at: number; value: number }
/** `words` null: the values are numbers. Else `value` is the place of the word in `words`. */
export type Chart = { points: readonly ChartPoint[]; words: readonly string[] | null }

const NUMBER = /^-?\d{1,15}(\.\d+)?$/

/** Points of a step chart. Anything that is no number (also `unknown` among numbers) makes the whole scale one of words: a gap or a zero would lie. */
export function toChart(changes: readonly Change[]): Chart {
  const times = changes.map((change) => Date.parse(change.opened_at))
  const values = changes.map((change) => change.value)
  const isCounted = values.every((value) => NUMBER.test(value)) && !values.every((value) => value === '0' || value === '1')
  if (isCounted) return { words: null, points: values.map((value, i) => ({ at: times[i] ?? 0, value: Number(value) })) }
  const words = [...new Set(values)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return { words, points: values.map((value, i) => ({ at: times[i] ?? 0, value: words.indexOf(value) })) }
}

function rank(word: string): number {
  const at = ORDER.indexOf(word)
  return at < 0 ? ORDER.length : at
}
