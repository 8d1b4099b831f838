import { setTimeout as sleep } from 'node:timers/promises'
import { EvidenceError } from '../../schemas/errors.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { type MonitorValues, valuesOfFailure, valuesOfRound } from './monitor-values.ts'

/** One run of the monitor: a round that was judged, or why there is none. */
export type MonitorRun = { readonly values: MonitorValues } & ({ readonly snapshot: Snapshot } | { readonly error: EvidenceError })

export type MonitorPorts = {
  /** Runs and judges one round; throws as `runOneRound`. */
  readonly runRound: () => Promise<Snapshot>
  /** Seal of the newest green round that the ledger knows. Asked after each run until it answers. */
  readonly findLastGreen: () => Promise<Date | null>
  /** Puts the values where they are read. May throw: that ends nothing. */
  readonly publish: (run: MonitorRun) => Promise<void>
  readonly onPublishFailed: (error: unknown) => Promise<void>
  /** After a run was published. Must not throw. */
  readonly onRun: (run: MonitorRun) => Promise<void>
  readonly now: () => Date
  readonly signal: AbortSignal
}

/** Rounds on a schedule, one at a time. What a run or its publishing throws is told and never ends the monitor. */
export class Monitor {
  readonly #ports: MonitorPorts
  /** undefined: the ledger has not been asked yet, or could not answer. */
  #lastGreen: Date | null | undefined

  constructor(ports: MonitorPorts) {
    this.#ports = ports
  }

  /** One run. Throws `interrupted` only. */
  async runOnce(): Promise<MonitorRun> {
    const run = await this.#look()
    try {
      await this.#ports.publish(run)
    } catch (error) {
      await this.#ports.onPublishFailed(error)
    }
    await this.#ports.onRun(run)
    return run
  }

  /** Starts a run every `intervalMs`; one that takes longer is followed at once. Ends when the signal aborts. */
  async runUntilStopped(intervalMs: number): Promise<void> {
    const { signal } = this.#ports
    while (!signal.aborted) {
      const startedAt = performance.now()
      try {
        await this.runOnce()
        await sleep(Math.max(0, startedAt + intervalMs - performance.now()), undefined, { signal })
      } catch (error) {
        if (!signal.aborted) throw error
      }
    }
  }

  async #look(): Promise<MonitorRun> {
    try {
      const snapshot = await this.#ports.runRound()
      const first = valuesOfRound(snapshot, { lastRun: 0, lastGreen: 0 })
      if (first.result === 'green' && snapshot.sealed_at !== null) this.#lastGreen = new Date(snapshot.sealed_at)
      return { snapshot, values: { ...first, ...(await this.#times()) } }
    } catch (cause) {
      if (this.#ports.signal.aborted) throw cause
      const error = cause instanceof EvidenceError ? cause : new EvidenceError('internal', 'the run failed', { cause })
      return { error, values: valuesOfFailure(await this.#times()) }
    }
  }

  async #times(): Promise<Pick<MonitorValues, 'lastRun' | 'lastGreen'>> {
    // The ledger that failed the round may fail this too; the next run asks again.
    if (this.#lastGreen === undefined) this.#lastGreen = await this.#ports.findLastGreen().catch(() => undefined)
    const seconds = (date: Date | null | undefined): number => (date ? Math.floor(date.getTime() / 1000) : 0)
    return { lastRun: seconds(this.#ports.now()), lastGreen: seconds(this.#lastGreen) }
  }
}
