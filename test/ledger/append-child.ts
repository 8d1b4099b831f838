import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { makeOpened, makeTcpObserved } from '../support/make-events.ts'
import { makeReview } from '../support/make-reviews.ts'

/**
 * A process that appends looks, and a review after every four, to a ledger for tests: `append-child.ts LEDGER ROUND BATCH_SIZE BATCHES`. Prints the ids of a
 * batch on one line as soon as the append was acknowledged, so that whatever is on stdout must be in the ledger.
 */
const [path = '', round = '', size = '', batches = ''] = process.argv.slice(2)
const ledger = openSqliteLedger({ path, mode: 'create' })
await ledger.append([makeOpened(round, 0, ['check-1'])])
for (let i = 0; i < Number(batches); i++) {
  const batch = Array.from({ length: Number(size) }, (_, j) => {
    const n = 1 + i * Number(size) + j
    return n % 5 === 0 ? makeReview(round, n) : makeTcpObserved(round, n, 'check-1')
  })
  await ledger.append(batch)
  process.stdout.write(`${batch.map((event) => event.id).join(' ')}\n`)
}
await ledger.close()
