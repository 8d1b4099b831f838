import { ProbeFailure } from '../transport.ts'

/**
 * A part of a look that a host may not have or not allow: null, which its expectation counts as not observed. A lost
 * connection, a timeout or unreadable output still ends the whole look.
 */
export async function nullIfRefused<T>(part: Promise<T>): Promise<T | null> {
  try {
    return await part
  } catch (error) {
    if (error instanceof ProbeFailure && (error.reason === 'exit_status' || error.reason === 'permission') && error.stage !== 'auth') return null
    throw error
  }
}
