import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { checkPacketContract, contractText } from '../../guards/contract.ts'
import { declarationText, evaluateDeclarations } from '../../guards/declaration.ts'
import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { type GuardInput, snapshotInput, summaryInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { preflightResponse, preflightText } from '../../guards/preflight.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import { loadRecordedRounds, recordedRoundEvents } from '../../producers/recorded-round.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { readSummary } from '../../projector/read-summary.ts'
import { canonicalJson } from '../../schemas/canonical-json.ts'
import { Estate } from '../../schemas/estate.ts'
import { summaryText } from '../../schemas/summary-text.ts'

/** What the working tree makes of the golden inputs; `golden.test.ts` compares it, `make.ts` writes what is not there yet. */
export const GOLDEN = import.meta.dirname
/** The moment at which golden responses are looked at. */
export const ASKED_AT = '2026-06-28T00:00:00.000Z'

export function readGolden(name: string): string {
  return readFileSync(path.join(GOLDEN, name), 'utf8')
}

export function goldenEstate(): Estate {
  return Estate.parse(parse(readGolden('estate.yaml')))
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** From the lines of a round: snapshot, summary, and what each guard says. */
export function roundOutputs(name: string, lines: string): Record<string, string> {
  const events = lines.trimEnd().split('\n')
  const roundId = (JSON.parse(events[0] as string) as { subject: string }).subject
  const snapshot = judgeFold(roundId, foldEvents(emptyFold(), events))
  return {
    [`${name}/snapshot.json`]: `${canonicalJson(snapshot)}\n`,
    [`${name}/summary.txt`]: summaryText(snapshot.summary),
    ...guardOutputs(name, snapshotInput(snapshot)),
  }
}

export function guardOutputs(name: string, input: GuardInput): Record<string, string> {
  const packets = buildOwnerPackets(input)
  const declared = evaluateDeclarations(input)
  const dispatched = dispatchNextGates(input)
  return {
    [`${name}/declaration.txt`]: declarationText(declared),
    [`${name}/declaration.json`]: pretty(declared),
    [`${name}/dispatch.txt`]: dispatchText(dispatched),
    [`${name}/dispatch.json`]: pretty(dispatched),
    [`${name}/packets.json`]: pretty(packets),
    [`${name}/response-template.json`]: pretty(responseTemplate(packets)),
    [`${name}/contract.txt`]: contractText(checkPacketContract(input, pretty(packets))),
  }
}

/** What preflight says of each golden response of the green round. */
export function preflightOutputs(input: GuardInput): Record<string, string> {
  const said = (file: string): string => preflightText(preflightResponse(input, Buffer.from(readGolden(file)), { at: ASKED_AT, isReplayed: false }))
  return { 'green/preflight-template.txt': said('green/response-template.json'), 'green/preflight-response.txt': said('green/response.json') }
}

export function legacyOutputs(text: string): Record<string, string> {
  return guardOutputs('legacy', summaryInput(readSummary(text, { artifactId: 'awoooi-post-reboot-readiness-20260626-121300' })))
}

/** Lines of the events of the golden recorded round. */
export async function recordedLines(): Promise<string> {
  const { estate, rounds } = await loadRecordedRounds(path.join(GOLDEN, 'recorded-rounds.yaml'))
  const events = rounds.flatMap((one) => recordedRoundEvents(one, estate.estate, estate.digest))
  return events.map((event) => `${Buffer.from(event.bytes).toString('utf8')}\n`).join('')
}

export function summaryFileInput(name: string): GuardInput {
  return summaryInput(readSummary(readGolden(name)))
}
