import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'

/** A process for tests that opens a ledger to write: `open-child.ts LEDGER`. Prints a line before and one after. */
process.stdout.write('opens\n')
const ledger = openSqliteLedger({ path: process.argv[2] ?? '', mode: 'existing' })
process.stdout.write('open\n')
await ledger.close()
