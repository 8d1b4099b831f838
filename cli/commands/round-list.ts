import { type Answer, printResult } from '../output.ts'
import { withStores } from '../stores.ts'

/** `evidence round list`: every round of the ledger, newest first; one that was never projected is shown as such. */
export async function run(_args: [], options: { ledger: string; limit: number; json?: boolean }): Promise<Answer> {
  const rows = await withStores(options.ledger, 'existing', async ({ ledger, snapshots }) => {
    const known = new Map((await snapshots.list({ limit: 1_000_000 })).map((row) => [row.artifactId, row]))
    const ids = [...(await ledger.roundIds())].reverse().slice(0, options.limit)
    return ids.map((id) => {
      const row = known.get(id)
      return {
        artifact_id: id,
        opened_at: row?.openedAt ?? null,
        overall: row?.overall ?? 'unknown',
        integrity: row?.integrity ?? 'not projected',
        policy_version: row?.policyVersion ?? null,
      }
    })
  })
  const text = rows.map((row) => `${row.opened_at ?? '-'.padEnd(24)}  ${row.overall.padEnd(34)}  ${row.integrity.padEnd(18)}  ${row.artifact_id}\n`).join('')
  printResult(options.json, rows, rows.length === 0 ? 'no rounds in this ledger; make one with `evidence round run --estate FILE`\n' : text)
  return 0
}
