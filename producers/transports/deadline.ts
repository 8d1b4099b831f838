import { ProbeFailure } from '../transport.ts'

/** The end of one call: its own time limit or its caller's signal, whichever comes first. */
export type Deadline = {
  /** Aborts once, when the call has to end. */
  signal: AbortSignal
  /** The failure to throw when it did. */
  failure: (stage: string) => ProbeFailure
  /** Rejects when the deadline passes first. What lost keeps running and must clean up after itself. */
  race: <T>(work: Promise<T>, stage: string) => Promise<T>
  /** Ends the timer; every call does this, however it ended. */
  clear: () => void
}

export function startDeadline(options: { timeoutMs: number; signal: AbortSignal }): Deadline {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort('cancelled')
  const timer = setTimeout(() => controller.abort('expired'), options.timeoutMs)
  options.signal.addEventListener('abort', onAbort, { once: true })
  if (options.signal.aborted) onAbort()
  const failure = (stage: string): ProbeFailure =>
    new ProbeFailure('timeout', stage, controller.signal.reason === 'cancelled' ? 'cancelled' : `no end within ${options.timeoutMs} ms`)
  const clear = (): void => {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', onAbort)
  }
  return { signal: controller.signal, failure, clear, race: (work, stage) => race(work, controller.signal, () => failure(stage)) }
}

async function race<T>(work: Promise<T>, signal: AbortSignal, failure: () => ProbeFailure): Promise<T> {
  // The loser's rejection must not become an unhandled one.
  work.catch(() => {})
  if (signal.aborted) throw failure()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(failure())
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
