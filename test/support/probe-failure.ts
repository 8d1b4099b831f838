import { readFileSync } from 'node:fs'
import { ProbeFailure } from '../../producers/transport.ts'

/** `reason stage: detail` of the ProbeFailure a promise ends with; anything else ends the test. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof ProbeFailure) return `${error.reason} ${error.stage}: ${error.message}`
    throw error
  }
  throw new Error('expected a ProbeFailure, got a result')
}

/** True while a process runs; a zombie that nobody has reaped yet is not running. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
