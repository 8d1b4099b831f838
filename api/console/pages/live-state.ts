import type { LiveEvent } from '../data/shapes.ts'

/** What has come in of each expected check. Facts only: whether that is good is said by the projector, after the seal. */
export type Seen = 'waiting' | 'met' | 'not_met' | 'reported' | 'failed' | 'not_evaluated'
export type LiveCheck = { id: string; gate: string; kind: string; seen: Seen; detail: string; at: string | null }

export type LiveRoundState = {
  positions: ReadonlySet<number>
  isOpened: boolean
  sealedAt: string | null
  gates: readonly string[]
  checks: readonly LiveCheck[]
  lastAt: string | null
}

export const NOTHING_SEEN: LiveRoundState = { positions: new Set(), isOpened: false, sealedAt: null, gates: [], checks: [], lastAt: null }

/** Takes one event in. An event that comes twice (a resumed stream) changes nothing. Pure. */
export function takeEvent(state: LiveRoundState, live: LiveEvent): LiveRoundState {
  if (state.positions.has(live.position)) return state
  const next = { ...state, positions: new Set(state.positions).add(live.position), lastAt: live.time }
  const { event } = live
  if (event.type === 'round.opened.v1') {
    const { expected, estate } = event.data
    const seenAlready = new Map(state.checks.map((check) => [check.id, check]))
    const checks = expected.map(({ id, gate, kind }) => seenAlready.get(id) ?? { id, gate, kind, seen: 'waiting' as const, detail: '', at: null })
    return { ...next, isOpened: true, gates: estate.document.gates.map((gate) => gate.id), checks }
  }
  if (event.type === 'round.sealed.v1') return { ...next, sealedAt: live.time }
  if (live.check_id === null) return next
  return { ...next, checks: withCheck(state.checks, live.check_id, live) }
}

function withCheck(checks: readonly LiveCheck[], id: string, live: LiveEvent): readonly LiveCheck[] {
  const change = { ...lookOf(live), at: live.time }
  return checks.some((check) => check.id === id)
    ? checks.map((check) => (check.id === id ? { ...check, ...change } : check))
    : [...checks, { id, gate: '?', kind: '?', ...change }]
}

function lookOf({ event }: LiveEvent): { seen: Seen; detail: string } {
  if (event.type === 'evidence.check.failed.v1') return { seen: 'failed', detail: `${event.data.reason}: ${event.data.detail}` }
  if (event.type === 'evidence.check.not_evaluated.v1') return { seen: 'not_evaluated', detail: [event.data.cause, event.data.gate ?? ''].join(' ').trim() }
  if (event.type === 'evidence.report.delegated.v1') return { seen: 'reported', detail: event.data.result ?? '' }
  const data: unknown = event.data
  const attempts =
    typeof data === 'object' && data !== null && 'attempts' in data && Array.isArray(data.attempts) ? (data.attempts as { outcome?: string }[]) : []
  const last = attempts.at(-1)?.outcome ?? ''
  return { seen: last === 'ok' ? 'met' : 'not_met', detail: attempts.length > 1 ? attempts.map((one) => one.outcome).join(', ') : last === 'ok' ? '' : last }
}

/** How many expected checks have been accounted for. */
export function doneCount({ checks }: LiveRoundState): number {
  return checks.filter((check) => check.seen !== 'waiting').length
}
