import { userInfo } from 'node:os'
import { join } from 'node:path'
import { v7 } from 'uuid'
import { type PlannedRound, planRound, type RoundAsked, runOneRound } from '../api/actions/run-one-round.ts'
import { writeFileAtomically } from '../api/actions/write-file.ts'
import { type LoadedEstate, loadEstate } from '../producers/estate-file.ts'
import type { RoundProgress } from '../producers/round-input.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import { summaryText } from '../schemas/summary-text.ts'
import { note } from './output.ts'
import { producerSource } from './record-decision.ts'
import { withStores } from './stores.ts'

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

/** A round of the command line: interrupted by Ctrl-C, told on stderr, and with its summary.txt. */
export async function runRoundHere(options: RoundRunOptions): Promise<FinishedRound> {
  const loaded = await loadEstate(options.estate)
  const planned = planRound(loaded, askedBy(options), new Date())
  return withInterrupt((signal) => runPlannedHere(options, planned, signal))
}

/** What the command line asks of a round. */
export function askedBy(options: RoundRunOptions): RoundAsked {
  return { ...options, operator: options.operator ?? userName() }
}

/** Opens the ledger for this one round and closes it after: between the rounds of a watch it is nobody's. */
export async function runPlannedHere(
  options: Pick<RoundRunOptions, 'ledger' | 'out' | 'quiet'>,
  planned: PlannedRound,
  signal: AbortSignal,
): Promise<FinishedRound> {
  return await withStores(options.ledger, 'create', async ({ ledger, snapshots }) => {
    const snapshot = await runOneRound(
      {
        ledger,
        snapshots,
        source: producerSource(),
        now: () => new Date(),
        newId: v7,
        sshAgent: process.env.SSH_AUTH_SOCK,
        onProgress: options.quiet ? () => undefined : progressTo(planned.loaded),
        signal,
      },
      planned,
    )
    const summaryFile = join(options.out, planned.roundId, 'summary.txt')
    await writeFileAtomically(summaryFile, summaryText(snapshot.summary))
    return { snapshot, summaryFile }
  })
}

/** Gives the work a signal that Ctrl-C and SIGTERM abort. */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController()
  const onSignal = (): void => interrupt.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await work(interrupt.signal)
  } finally {
    // After an interrupt the listeners stay: a second Ctrl-C, or the one that the launcher hands on, must not kill the
    // process before it has said what happened and set its exit code.
    if (!interrupt.signal.aborted) process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
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
