import { userInfo } from 'node:os'
import { join } from 'node:path'
import { v7 } from 'uuid'
import { acceptedReviews } from '../producers/accepted-reviews.ts'
import { type LoadedEstate, loadEstate } from '../producers/estate-file.ts'
import { buildOpenTransport } from '../producers/open-transport.ts'
import { PROBES } from '../producers/probes.ts'
import type { RoundProgress } from '../producers/round-input.ts'
import { runRound } from '../producers/run-round.ts'
import { judgeGate } from '../projector/judge-gate.ts'
import { findPolicy } from '../projector/policies.ts'
import { projectRound } from '../projector/project-round.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { ESCROW_SUBJECT } from '../schemas/escrow-subject.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import { summaryText } from '../schemas/summary-text.ts'
import { note } from './output.ts'
import { producerSource } from './record-decision.ts'
import { withStores } from './stores.ts'
import { writeFileAtomically } from './write-file.ts'

export type RoundRunOptions = {
  estate: string
  ledger: string
  out: string
  policy?: string
  id?: string
  only?: string[]
  skip?: string[]
  operator?: string
  sendAlertTest?: boolean
  quiet?: boolean
}

export type FinishedRound = { snapshot: Snapshot; summaryFile: string }

/** The wiring of one round on this machine: estate, ledger, probes, clock and ids; then projection and summary.txt. */
export async function runOneRound(options: RoundRunOptions): Promise<FinishedRound> {
  const loaded = await loadEstate(options.estate)
  const policy = findPolicy(options.policy ?? loaded.estate.policy)
  const roundId = options.id ?? defaultRoundId(loaded.estate.estate, new Date())
  if (roundId === ESCROW_SUBJECT) throw new EvidenceError('usage', `${ESCROW_SUBJECT} is kept for escrow markers`, { remedy: 'choose another --id' })
  if (!/^[a-z0-9][a-z0-9-]{2,99}$/.test(roundId)) throw new EvidenceError('usage', 'a round id is [a-z0-9][a-z0-9-]{2,99}', { remedy: 'choose another --id' })
  const interrupt = new AbortController()
  const onSignal = (): void => interrupt.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await withStores(options.ledger, 'create', async ({ ledger, snapshots }) => {
      const openTransport = await buildOpenTransport(loaded.estate, loaded.baseDir, process.env.SSH_AUTH_SOCK)
      await runRound({
        roundId,
        estate: loaded.estate,
        baseDir: loaded.baseDir,
        policy: { id: policy.id, version: policy.version },
        options: { skipped_parts: options.skip ?? [], only_gates: options.only ?? null, watch_attempt: null, alert_test: options.sendAlertTest ?? false },
        operator: options.operator ?? userName(),
        tool: { name: 'evidence-ledger', version: '0.1.0' },
        reviews: await acceptedReviews(ledger, loaded.estate.estate, new Date()),
        source: producerSource(),
        ledger,
        probes: PROBES,
        openTransport,
        judgeGate: (gateId, events) => judgeGate(roundId, gateId, events),
        now: () => new Date(),
        newId: v7,
        onProgress: options.quiet ? () => undefined : progressTo(loaded),
        signal: interrupt.signal,
      })
      const snapshot = await projectRound(ledger, roundId, { store: snapshots })
      const summaryFile = join(options.out, roundId, 'summary.txt')
      await writeFileAtomically(summaryFile, summaryText(snapshot.summary))
      return { snapshot, summaryFile }
    })
  } finally {
    // After an interrupt the listeners stay: a second Ctrl-C, or the one that the launcher hands on, must not kill the
    // process before it has said what happened and set its exit code.
    if (!interrupt.signal.aborted) process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

/** `<estate>-<yyyymmdd>-<hhmmss>`, UTC. */
function defaultRoundId(estate: string, at: Date): string {
  const stamp = at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${estate.slice(0, 80)}-${stamp}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without a name, as in some containers.
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

function progressTo({ estate }: LoadedEstate): (progress: RoundProgress) => void {
  let done = 0
  return (progress) => {
    if (progress.type === 'opened') note(`round opened: ${progress.expected} checks in ${estate.gates.length} gates`)
    if (progress.type === 'check_done') {
      done++
      note(`  [${done}/${estate.checks.length}] ${progress.gate} ${progress.check}: ${progress.outcome}`)
    }
    if (progress.type === 'gate_done')
      note(`gate ${progress.gate} done${progress.isBlocked ? ', BLOCKED' : progress.stoppedBy ? `, not evaluated: ${progress.stoppedBy} is blocked` : ''}`)
    if (progress.type === 'sealed') note(`sealed: ${progress.count} events under root ${progress.root.slice(0, 16)}`)
  }
}
