import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { isFinalSnapshot } from '../../projector/snapshot-rows.ts'
import { openSqliteHistoryStore } from '../../projector/sqlite-history-store.ts'
import { openSqliteProjectionStore } from '../../projector/sqlite-projection-store.ts'
import { openSqliteSnapshotStore } from '../../projector/sqlite-snapshot-store.ts'
import { toRawEvents } from '../support/history-data.ts'
import { type HistoryTarget, historySuite } from './history-suite.ts'

/** Over the embedded ledger; `mode` is how the asking side opens the file. */
async function openLedgerTarget(mode: 'existing' | 'readonly'): Promise<HistoryTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'history-'))
  const path = join(folder, 'evidence.db')
  const ledger = openSqliteLedger({ path, mode: 'create' })
  const snapshots = openSqliteSnapshotStore({ path, mode: 'existing' })
  await openSqliteHistoryStore({ path, mode: 'existing', of: 'ledger' }).close()
  const history = openSqliteHistoryStore({ path, mode, of: 'ledger' })
  return {
    history,
    async save(rounds) {
      for (const { events, snapshot } of rounds) {
        await ledger.append(events)
        await snapshots.save(snapshot)
      }
    },
    async close() {
      await history.close()
      snapshots.close()
      await ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function openProjectionTarget(): Promise<HistoryTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'history-'))
  const path = join(folder, 'projection.db')
  const store = openSqliteProjectionStore(path)
  const history = openSqliteHistoryStore({ path, mode: 'readonly', of: 'projection' })
  return {
    history,
    async save(rounds) {
      for (const { events, snapshot } of rounds) {
        await store.saveEvents(toRawEvents(events))
        await store.saveSnapshots([{ snapshot, isFinal: isFinalSnapshot(snapshot) }])
      }
    },
    async close() {
      await history.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

describe('over a ledger', () => historySuite(() => openLedgerTarget('existing')))
describe('over a ledger that may not be written', () => historySuite(() => openLedgerTarget('readonly')))
describe('over a projector’s file', () => historySuite(openProjectionTarget))
