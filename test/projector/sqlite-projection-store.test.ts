import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteHistoryStore } from '../../projector/sqlite-history-store.ts'
import { openSqliteProjectionStore } from '../../projector/sqlite-projection-store.ts'
import { projectionStoreSuite } from './projection-store-suite.ts'

projectionStoreSuite(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'projection-'))
  const path = join(folder, 'projection.db')
  const store = openSqliteProjectionStore(path)
  const history = openSqliteHistoryStore({ path, mode: 'readonly', of: 'projection' })
  return {
    store,
    history,
    async close() {
      await history.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
})
