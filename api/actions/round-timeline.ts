import { evaluateTimeline } from '../../guards/timeline.ts'
import type { RoundReader } from '../../ledger/ledger.ts'
import { bootTimes } from '../../projector/boot-binding.ts'
import { judgeFold, readRoundFold } from '../../projector/project-round.ts'
import { readRoundEvidence } from '../../projector/round-evidence.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { Estate } from '../../schemas/estate.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import type { TimelineResult } from '../../schemas/timeline.ts'

export type KnownBoot = { host: string; boot_time: string | null }
export type BootedRound = {
  snapshot: Snapshot
  estate: Estate
  boots: KnownBoot[]
  operator: string
  tool: string
  /** Ids of the checks bound to each host of the estate. */
  checksOf: Readonly<Record<string, readonly string[]>>
}

/** A round judged from its events, with the boots it knew, by host. Throws as `projectRound`. */
export async function readBootedRound(rounds: RoundReader, roundId: string, policy?: string): Promise<BootedRound> {
  const fold = await readRoundFold(rounds, roundId)
  if (fold.events.size === 0) throw new EvidenceError('round_unknown', `no round ${roundId} in this ledger`, { remedy: 'see `evidence round list`' })
  const { opened, estate, byCheck } = readRoundEvidence(roundId, fold)
  const boots = [...bootTimes(opened, estate, byCheck)].map(([host, boot]) => ({ host, boot_time: boot === 'unknown' ? null : boot.time }))
  const { operator, tool } = opened.data
  return {
    snapshot: judgeFold(roundId, fold, policy),
    estate,
    boots: boots.sort((a, b) => (a.host < b.host ? -1 : 1)),
    operator,
    tool: `${tool.name} ${tool.version}`,
    checksOf: Object.fromEntries(estate.hosts.map((host) => [host.id, estate.checks.flatMap((check) => (check.host === host.id ? [check.id] : []))])),
  }
}

/** The timeline of a round. Throws `usage` where `since` is no time, or after the round. */
export function timelineOf({ snapshot, estate, boots }: BootedRound, since: string | undefined): TimelineResult {
  return evaluateTimeline({ snapshot, estate, boots, since: since === undefined ? null : toStart(since, snapshot) })
}

function toStart(text: string, { sealed_at, opened_at }: Snapshot): string {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
  if (!isTime) throw new EvidenceError('usage', '--since is not a time with its offset', { remedy: 'such as 2026-06-27T11:05:00+08:00' })
  const since = new Date(text).toISOString()
  if (since > (sealed_at ?? opened_at)) throw new EvidenceError('usage', '--since is after the round', { remedy: 'give the time of power-on or reboot' })
  return since
}
