import type { LiveEvent } from '../data/shapes.ts'

/** An event of the stream, or one read from the round: the two overlap. */
export type TakenEvent = Pick<LiveEvent, 'id' | 'type' | 'check_id' | 'time' | 'event'>

/** What has come in of each expected check. Facts only: whether that is good is said by the projector, after the seal. */
export type Seen = 'waiting' | 'met' | 'not_met' | 'reported' | 'failed' | 'not_evaluated'
export type LiveCheck = { id: string; gate: string; kind: string; seen: Seen; detail: string; at: string | null }

export type LiveRoundState = {
  ids: ReadonlySet<string>
  isOpened: boolean
  sealedAt: string | null
  gates: readonly string[]
  checks: readonly LiveCheck[]
  lastAt: string | null
}

const NOT_SEEN = { seen: 'waiting', detail: '', at: null } as const
export const NOTHING_SEEN: LiveRoundState = { ids: new Set(), isOpened: false, sealedAt: null, gates: [], checks: [], lastAt: null }

/** Takes one event in. An event that comes twice (a resumed stream, or read and streamed) changes nothing, and their order does not matter. Pure. */
export function takeEvent(state: LiveRoundState, live: TakenEvent): LiveRoundState {
  if (state.ids.has(live.id)) return state
  const next = { ...state, ids: new Set(state.ids).add(live.id), lastAt: state.lastAt !== null && state.lastAt > live.time ? state.lastAt : live.time }
  const { event } = live
  if (event.type === 'round.opened.v1') {
    const { expected, estate } = event.data
    const seenAlready = new Map(state.checks.map((check) => [check.id, check]))
    const checks = expected.map(({ id, gate, kind }) => ({ ...(seenAlready.get(id) ?? NOT_SEEN), id, gate, kind }))
    return { ...next, isOpened: true, gates: estate.document.gates.map((gate) => gate.id), checks }
  }
  if (event.type === 'round.sealed.v1') return { ...next, sealedAt: live.time }
  if (live.check_id === null) return next
  return { ...next, checks: withCheck(state.checks, live.check_id, live) }
}

function withCheck(checks: readonly LiveCheck[], id: string, live: TakenEvent): readonly LiveCheck[] {
  const change = { ...lookOf(live), at: live.time }
  return checks.some((check) => check.id === id)
    ? checks.map((check) => (check.id === id ? { ...check, ...change } : check))
    : [...checks, { id, gate: '?', kind: '?', ...change }]
}

function lookOf({ event }: TakenEvent): { seen: Seen; detail: string } {
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
