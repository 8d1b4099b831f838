import { EvidenceError } from '../schemas/errors.ts'

/** Primary result codes of SQLite (https://sqlite.org/rescode.html); the low byte of an extended code. */
const BUSY = 5
const LOCKED = 6
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const NOTADB = 26
/** Extended codes of writes that the disk did not take: IOERR_ WRITE, FSYNC, DIR_FSYNC, TRUNCATE, SHMSIZE. */
const FAILED_WRITES: ReadonlySet<number> = new Set([778, 1034, 1290, 1546, 4874])

/** IOERR_ SHORT_READ and CORRUPTFS: the file ends where it should not, or the file system says so itself. */
const FAILED_READS: ReadonlySet<number> = new Set([522, 8458])

/** The extended result code, or null where the error is not SQLite's. */
export function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null
}

export function isBusy(error: unknown): boolean {
  const code = (sqliteCode(error) ?? 0) & 0xff
  return code === BUSY || code === LOCKED
}

/**
 * What an error of SQLite or of the file system means to us: `ledger_full`, `ledger_corrupt` or `ledger_unavailable`.
 * Anything else (ours, or a bug) comes back as it is.
 */
export function toLedgerError(error: unknown, path: string): unknown {
  if (error instanceof EvidenceError || !(error instanceof Error)) return error
  const code = sqliteCode(error)
  const system = 'code' in error ? error.code : undefined
  if (code === null) {
    if (system === 'ENOSPC' || system === 'EDQUOT') return ledgerFull(error, path)
    if (system === 'ERR_INVALID_STATE') return new EvidenceError('ledger_unavailable', `the ledger ${path} is closed`, { cause: error })
    return 'syscall' in error ? unavailable(error, path, error.message) : error
  }
  const primary = code & 0xff
  if (primary === FULL || FAILED_WRITES.has(code)) return ledgerFull(error, path)
  if (primary === CORRUPT || primary === NOTADB || FAILED_READS.has(code)) return ledgerCorrupt(path, error.message, error)
  if (isBusy(error)) return ledgerBusy(path, error)
  return unavailable(error, path, primary === IOERR ? `reading or writing failed (${error.message})` : error.message)
}

export function ledgerCorrupt(path: string, why: string, cause?: unknown): EvidenceError {
  return new EvidenceError('ledger_corrupt', `the ledger ${path} is damaged: ${why}`, {
    remedy: 'keep the file as it is, run "evidence ledger verify" on a copy to see where, and go on from a backup',
    cause,
  })
}

export function ledgerBusy(path: string, cause: unknown): EvidenceError {
  return new EvidenceError('ledger_unavailable', `the ledger ${path} is locked: another process did not let go of it in time`, {
    remedy: 'see which process holds the file (fuser, lsof), then run the command again: nothing was written',
    cause,
  })
}

function ledgerFull(cause: unknown, path: string): EvidenceError {
  return new EvidenceError('ledger_full', `the disk did not take what was to be written to the ledger ${path}`, {
    remedy: 'free space (or look at the disk), then run the command again: what was there before is intact, the batch was not recorded',
    cause,
  })
}

function unavailable(cause: unknown, path: string, why: string): EvidenceError {
  return new EvidenceError('ledger_unavailable', `the ledger ${path} cannot be used: ${why}`, {
    remedy: 'check that the folder exists and that this user may read and write it',
    cause,
  })
}

/** Runs work on one file's database so that every error of SQLite leaves it as one of ours. */
export function guardSqlite(path: string): <T>(work: () => T) => T {
  return (work) => {
    try {
      return work()
    } catch (error) {
      throw toLedgerError(error, path)
    }
  }
}
