import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

const BYTES = 16
const POOL_IDS = 256

/** Ids of requests (UUIDv7). Their random parts are fetched for many at once: a system call for each would be felt. */
export function buildRequestIds(): () => string {
  const pool = new Uint8Array(BYTES * POOL_IDS)
  let next = pool.length
  const rng = (): Uint8Array => {
    if (next === pool.length) {
      randomFillSync(pool)
      next = 0
    }
    next += BYTES
    return pool.slice(next - BYTES, next)
  }
  return () => v7({ rng })
}
