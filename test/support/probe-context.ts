import type { ProbeContext } from '../../producers/probe.ts'
import { ProbeFailure, type Transport } from '../../producers/transport.ts'
import { createLocalTransport } from '../../producers/transports/local.ts'
import { Check, type CheckOf } from '../../schemas/estate.ts'

/** A check with its defaults filled in; id and gate are given. */
export function makeCheck<K extends Check['kind']>(kind: K, settings: Record<string, unknown>): CheckOf<K> {
  return Check.parse({ id: 'one', gate: 'G', kind, ...settings }) as CheckOf<K>
}

export function makeContext(overrides: Partial<ProbeContext> = {}): ProbeContext {
  const transport: Transport = createLocalTransport({ baseDir: '/' })
  return { transport, timeoutMs: 5000, signal: new AbortController().signal, now: () => new Date(), commands: [], baseDir: '/', alertTest: false, ...overrides }
}

/** The `ProbeFailure` a look ends with, as `reason stage detail`; fails where the look succeeded. */
export async function failureOf(look: Promise<unknown>): Promise<string> {
  try {
    await look
  } catch (error) {
    if (error instanceof ProbeFailure) return `${error.reason} ${error.stage} ${error.message}`
    throw error
  }
  throw new Error('expected a ProbeFailure, but the look succeeded')
}
