import { loadEstate } from '../producers/estate-file.ts'
import type { RoundProgress } from '../producers/round-input.ts'
import { type PlannedRound, planRound, type RoundAsked, runPlannedRound } from './actions/run-one-round.ts'
import type { ApiPorts, NamedEstate } from './ports.ts'
import { HttpError } from './problem.ts'

/** What a round that was started says while it runs; errors come only after it was opened. */
export type RunReports = { readonly onError: (roundId: string, error: unknown) => void }

/**
 * Rounds that the service runs: over estates that were named at its start, one at a time for each. A round is interrupted
 * when the service stops, which leaves it unsealed: it allows nothing.
 */
export class RoundRuns {
  readonly #ports: ApiPorts
  readonly #reports: RunReports
  readonly #running = new Map<string, Promise<void>>()
  readonly #stop = new AbortController()

  constructor(ports: ApiPorts, reports: RunReports) {
    this.#ports = ports
    this.#reports = reports
  }

  /**
   * Resolves with the id once `round.opened` is durable, so that whoever reads the answer finds the round. Throws
   * `already_running`, `busy` while the service stops, and what planning and opening throw.
   */
  async start(named: NamedEstate, asked: RoundAsked): Promise<string> {
    if (this.#stop.signal.aborted) throw new HttpError('busy')
    if (this.#running.has(named.id)) throw new HttpError('already_running', 'a round of this estate is running')
    const opened = Promise.withResolvers<string>()
    // The place is taken before anything is awaited: of two requests at once one is refused.
    const run = this.#run(named, asked, opened.resolve).then(
      (roundId) => opened.resolve(roundId),
      (error: unknown) => opened.reject(error),
    )
    this.#running.set(
      named.id,
      run.finally(() => this.#running.delete(named.id)),
    )
    return opened.promise
  }

  async #run(named: NamedEstate, asked: RoundAsked, onOpened: (roundId: string) => void): Promise<string> {
    // Read anew: an estate file that was edited counts from the next round on.
    const planned = planRound(await loadEstate(named.file), asked, this.#ports.now())
    let isOpened = false
    const onProgress = ({ type }: RoundProgress): void => {
      if (type !== 'opened') return
      isOpened = true
      onOpened(planned.roundId)
    }
    try {
      await this.#runPlanned(planned, onProgress)
    } catch (error) {
      if (isOpened) this.#reports.onError(planned.roundId, error)
      throw error
    }
    return planned.roundId
  }

  async #runPlanned(planned: PlannedRound, onProgress: (progress: RoundProgress) => void): Promise<void> {
    const { ledger, source, now, newId } = this.#ports
    await runPlannedRound({ ledger, source, now, newId, sshAgent: process.env.SSH_AUTH_SOCK, onProgress, signal: this.#stop.signal }, planned)
  }

  /** Interrupts what runs and waits until it has ended. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running.values())
  }
}
