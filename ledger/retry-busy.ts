import type { DatabaseSync } from 'node:sqlite'
import { BUSY_TIMEOUT_MS } from './ledger-file.ts'
import { isBusy } from './sqlite-error.ts'

/** Reads on a connection whose busy timeout is 0; where that meets a lock, once more with SQLite waiting for it. */
export function retryBusy<T>(db: DatabaseSync, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isBusy(error)) throw error
  }
  db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  try {
    return read()
  } finally {
    db.exec('PRAGMA busy_timeout = 0')
  }
}
