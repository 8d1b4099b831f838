import type { ProbeContext } from '../probe.ts'
import type { RunOptions } from '../transport.ts'

/**
 * Options for each call of a look that makes several: together they keep within the check's own time limit. Call it
 * when the look starts and the result before every call.
 */
export function createLookBudget(context: ProbeContext): (maxBytes: number) => RunOptions {
  const startedMs = context.now().getTime()
  return (maxBytes) => {
    const spentMs = Math.max(0, context.now().getTime() - startedMs)
    return { timeoutMs: Math.max(1, context.timeoutMs - spentMs), maxBytes, signal: context.signal }
  }
}
