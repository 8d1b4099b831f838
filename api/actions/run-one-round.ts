import type { Ledger } from '../../ledger/ledger.ts'
import { acceptedReviews } from '../../producers/accepted-reviews.ts'
import type { LoadedEstate } from '../../producers/estate-file.ts'
import { buildOpenTransport } from '../../producers/open-transport.ts'
import { PROBES } from '../../producers/probes.ts'
import type { RoundProgress } from '../../producers/round-input.ts'
import { assertRoundOptions } from '../../producers/round-options.ts'
import { runRound } from '../../producers/run-round.ts'
import { judgeGate } from '../../projector/judge-gate.ts'
import { findPolicy } from '../../projector/policies.ts'
import { projectRound } from '../../projector/project-round.ts'
import type { SnapshotStore } from '../../projector/snapshot-store.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { ESCROW_SUBJECT } from '../../schemas/escrow-subject.ts'
import type { EventData } from '../../schemas/event.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { TOOL } from '../../schemas/tool.ts'

/** What was asked for. `id` undefined: estate and time, UTC; `only` undefined: every gate; `watchAttempt`: which of a watch, from 1. */
export type RoundAsked = {
  policy?: string | undefined
  id?: string | undefined
  only?: string[] | undefined
  skip?: string[] | undefined
  sendAlertTest?: boolean | undefined
  watchAttempt?: number
  operator: string
}

/** A round that may be run: every name in what was asked for is known. */
export type PlannedRound = {
  readonly roundId: string
  readonly loaded: LoadedEstate
  readonly policy: { id: string; version: string }
  readonly options: EventData<'round.opened.v1'>['options']
  readonly operator: string
}

export type RoundPorts = {
  readonly ledger: Ledger
  readonly source: string
  readonly now: () => Date
  readonly newId: () => string
  /** Socket of the ssh agent, where there is one. */
  readonly sshAgent: string | undefined
  readonly onProgress: (progress: RoundProgress) => void
  readonly signal: AbortSignal
}

/** Throws `usage` for an id, part or gate that cannot be, `policy_unknown`. Nothing is opened or looked at yet. */
export function planRound(loaded: LoadedEstate, asked: RoundAsked, now: Date): PlannedRound {
  const policy = findPolicy(asked.policy ?? loaded.estate.policy)
  const roundId = asked.id ?? defaultRoundId(loaded.estate.estate, now)
  if (roundId === ESCROW_SUBJECT) throw new EvidenceError('usage', `${ESCROW_SUBJECT} is kept for escrow markers`, { remedy: 'choose another --id' })
  if (!/^[a-z0-9][a-z0-9-]{2,99}$/.test(roundId)) throw new EvidenceError('usage', 'a round id is [a-z0-9][a-z0-9-]{2,99}', { remedy: 'choose another --id' })
  const options = {
    skipped_parts: asked.skip ?? [],
    only_gates: asked.only ?? null,
    watch_attempt: asked.watchAttempt ?? null,
    alert_test: asked.sendAlertTest ?? false,
  }
  assertRoundOptions(loaded.estate, options)
  return { roundId, loaded, policy: { id: policy.id, version: policy.version }, options, operator: asked.operator }
}

/** The wiring of one round on this machine: ledger, probes, clock and ids. Throws as `runRound`. */
export async function runPlannedRound(ports: RoundPorts, planned: PlannedRound): Promise<void> {
  const { loaded, roundId, policy, options, operator } = planned
  await runRound({
    roundId,
    estate: loaded.estate,
    baseDir: loaded.baseDir,
    policy,
    options,
    operator,
    tool: TOOL,
    reviews: await acceptedReviews(ports.ledger, loaded.estate.estate, ports.now()),
    source: ports.source,
    ledger: ports.ledger,
    probes: PROBES,
    openTransport: await buildOpenTransport(loaded.estate, loaded.baseDir, ports.sshAgent),
    judgeGate: (gateId, events) => judgeGate(roundId, gateId, events),
    now: ports.now,
    newId: ports.newId,
    onProgress: ports.onProgress,
    signal: ports.signal,
  })
}

/** A round, then its projection, which is saved. */
export async function runOneRound(ports: RoundPorts & { readonly snapshots: SnapshotStore }, planned: PlannedRound): Promise<Snapshot> {
  await runPlannedRound(ports, planned)
  return projectRound(ports.ledger, planned.roundId, { store: ports.snapshots })
}

/** `<estate>-<yyyymmdd>-<hhmmss>`, UTC. */
function defaultRoundId(estate: string, at: Date): string {
  const stamp = at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${estate.slice(0, 80)}-${stamp}`
}
