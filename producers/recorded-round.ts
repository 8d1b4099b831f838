import { hash } from 'node:crypto'
import path from 'node:path'
import { roundRoot } from '../ledger/round-root.ts'
import type { Digest } from '../schemas/digest.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { Estate } from '../schemas/estate.ts'
import type { EncodedEvent, EventData, EventType } from '../schemas/event.ts'
import { parsePolicyRef } from '../schemas/policy-ref.ts'
import { type RecordedRound, RecordedRounds } from '../schemas/recorded-round.ts'
import type { EstatePath, EstateProblem } from './estate-document.ts'
import { type LoadedEstate, loadEstate } from './estate-file.ts'
import { duplicateProblems } from './estate-names.ts'
import { readRecordedEvidence } from './recorded-evidence.ts'
import { buildEvent } from './round-events.ts'
import { readYaml, readYamlText, refuseYaml, type YamlFileKind } from './yaml-file.ts'

const KIND: YamlFileKind = { noun: 'recorded rounds', code: 'import_invalid' }
const SOURCE = 'urn:evidence-ledger:recorded'

/** `file` is absolute. The rounds fit their estate: `recordedRoundEvents` takes each of them. */
export type LoadedRecordedRounds = { file: string; estate: LoadedEstate; rounds: readonly RecordedRound[] }

/**
 * Loads a file of recorded rounds (docs/recorded-rounds.md) and the estate it names, relative to itself. Throws
 * `file_unreadable`, `estate_invalid` for the estate, or `import_invalid` with one line
 * `file:line:column: path: message` a problem, at most 20 of them.
 */
export async function loadRecordedRounds(file: string): Promise<LoadedRecordedRounds> {
  const text = await readYamlText(file, KIND)
  const document = readYaml(text, file, KIND, RecordedRounds, ownProblems)
  const absolute = path.resolve(file)
  const estate = await loadEstate(path.resolve(path.dirname(absolute), document.estate), { allowRecordedKinds: true })
  const problems = document.rounds.flatMap((round, n) => evidenceProblems(round, estate.estate, ['rounds', n]))
  if (problems.length > 0) throw refuseYaml(text, file, KIND, problems)
  return { file: absolute, estate, rounds: document.rounds }
}

function ownProblems({ rounds }: RecordedRounds): EstateProblem[] {
  const ids = rounds.map((round) => round.id)
  const fields = rounds.flatMap((round, n) => {
    const problems: EstateProblem[] = []
    if (timeOf(round) === null) problems.push({ path: ['rounds', n, 'at'], message: 'there is no such time' })
    if (parsePolicyRef(round.policy)?.id !== 'sop') problems.push({ path: ['rounds', n, 'policy'], message: 'a policy is sop@version, such as sop@1.78' })
    return problems
  })
  return [...duplicateProblems(['rounds'], ids), ...fields]
}

function evidenceProblems(round: RecordedRound, estate: Estate, at: EstatePath): EstateProblem[] {
  return round.evidence.flatMap((entry, n) => {
    const read = readRecordedEvidence(entry, estate, timeOf(round) ?? '', [...at, 'evidence', n])
    return 'problems' in read ? read.problems : []
  })
}

/** UTC with milliseconds; null for a 31 February or a 25 o'clock, which `Date` would quietly move. */
function timeOf({ at }: RecordedRound): string | null {
  const local = at.slice(0, 19)
  const isReal = (text: string): boolean => !Number.isNaN(Date.parse(text))
  if (!isReal(at) || !isReal(`${local}Z`) || new Date(`${local}Z`).toISOString().slice(0, 19) !== local) return null
  return new Date(at).toISOString()
}

/**
 * The events of one recorded round: opening, one event an entry, seal. Deterministic: ids, times and order follow from
 * the record alone, so importing it again gives the same bytes and changes nothing. The round accounts only for the
 * checks it mentions, which is why `recorded` is set and its integrity is never better than `legacy_unverified`.
 * Throws `import_invalid` for a round that does not fit the estate.
 */
export function recordedRoundEvents(round: RecordedRound, estate: Estate, digest: Digest): EncodedEvent[] {
  const time = timeOf(round)
  const problems = [...ownProblems({ recorded_rounds: 'evidence_recorded_rounds_v1', estate: '', rounds: [round] }), ...evidenceProblems(round, estate, [])]
  const [problem] = problems
  if (problem !== undefined || time === null) {
    throw new EvidenceError('import_invalid', `round ${round.id} does not fit estate ${estate.estate}: ${problem?.path.join('.')}: ${problem?.message}`)
  }
  const seen = new Map<string, number>()
  const event = <T extends EventType>(type: T, data: EventData<T>, checkId?: string): EncodedEvent => {
    const nth = seen.get(checkId ?? type) ?? 0
    seen.set(checkId ?? type, nth + 1)
    const newId = (): string => eventId(time, [round.id, checkId ?? type, nth])
    return buildEvent({ roundId: round.id, source: SOURCE, now: () => new Date(time), newId }, type, data, checkId)
  }
  const opened = event('round.opened.v1', openedData(round, estate, digest))
  const evidence = round.evidence.flatMap((entry) => {
    const read = readRecordedEvidence(entry, estate, time, [])
    // Type and data belong together by construction; `buildEvent` checks it again before anything is recorded.
    return 'problems' in read ? [] : [event(read.type, read.data as EventData<EventType>, read.checkId)]
  })
  return [opened, ...evidence, event('round.sealed.v1', roundRoot([opened, ...evidence]))]
}

function openedData(round: RecordedRound, estate: Estate, digest: Digest): EventData<'round.opened.v1'> {
  const mentioned = new Set(round.evidence.map((entry) => entry.check))
  const expected = estate.checks.filter((check) => mentioned.has(check.id))
  return {
    estate: { id: estate.estate, version: estate.version, digest, document: estate },
    policy: parsePolicyRef(round.policy) ?? { id: 'sop', version: '' },
    expected: expected.map(({ id, gate, kind, severity, warning_class }) => ({ id, gate, kind, severity, warning_class })),
    options: { skipped_parts: round.skipped_parts, only_gates: null, watch_attempt: null, alert_test: false },
    recorded: round.source,
    // The form's version, not the program's: the same record must give the same bytes after an upgrade.
    tool: { name: 'recorded-rounds', version: 'v1' },
    operator: 'recorded',
    boots: [],
    reviews: [],
  }
}

/** A UUIDv7 whose time is the record's and whose random bits are a hash of what the event is. */
function eventId(time: string, parts: readonly (string | number)[]): string {
  const ms = Date.parse(time).toString(16).padStart(12, '0')
  const rest = hash('sha256', parts.join('\n'), 'hex')
  const variant = ((Number.parseInt(rest.slice(3, 4), 16) & 0x3) | 0x8).toString(16)
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${rest.slice(0, 3)}-${variant}${rest.slice(4, 7)}-${rest.slice(7, 19)}`
}
