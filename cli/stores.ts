import type { Ledger } from '../ledger/ledger.ts'
import type { LedgerFileMode } from '../ledger/ledger-file.ts'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import type { SnapshotStore } from '../projector/snapshot-store.ts'
import { openSqliteSnapshotStore } from '../projector/sqlite-snapshot-store.ts'
import { note } from './output.ts'

export type Stores = { ledger: Ledger; snapshots: SnapshotStore & { withdraw(roundId: string): Promise<void> } }

/** The one place where commands get their stores: opens them, gives them to the work, and closes them whatever happens. */
export async function withStores<T>(path: string, mode: LedgerFileMode, work: (stores: Stores) => Promise<T>): Promise<T> {
  const ledger = openSqliteLedger({ path, mode, onWait: () => note('waiting for another writer of the ledger') })
  try {
    const snapshots = openSqliteSnapshotStore({ path, mode: mode === 'readonly' ? 'readonly' : 'existing' })
    try {
      return await work({ ledger, snapshots })
    } finally {
      snapshots.close()
    }
  } finally {
    await ledger.close()
  }
}

/** For commands that only read events. */
export async function withLedger<T>(path: string, mode: LedgerFileMode, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = openSqliteLedger({ path, mode, onWait: () => note('waiting for another writer of the ledger') })
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}
