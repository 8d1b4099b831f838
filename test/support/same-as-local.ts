import { expect } from 'vitest'
import { declarationText, evaluateDeclarations } from '../../guards/declaration.ts'
import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { snapshotInput } from '../../guards/guard-input.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Clickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold, projectRound } from '../../projector/project-round.ts'
import { snapshotText } from '../../projector/snapshot-text.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { summaryText } from '../../schemas/summary-text.ts'

const ROUNDS_AT_ONCE = 50

/**
 * Snapshots, roots, summaries and guards of every round in ClickHouse are byte for byte those of the local ledger, and
 * exactly the sealed rounds are final. Resolves with the number of rounds.
 */
export async function assertSameAsLocal(clickhouse: Clickhouse, ledger: Ledger): Promise<number> {
  const rows = await clickhouse.query('SELECT artifact_id, is_final, snapshot FROM {db}.snapshots FINAL')
  const stored = new Map(rows.map((row) => [String(row.artifact_id), row]))
  const ids = await ledger.roundIds()
  expect([...stored.keys()].sort()).toEqual([...ids].sort())
  for (let n = 0; n < ids.length; n += ROUNDS_AT_ONCE) {
    const some = ids.slice(n, n + ROUNDS_AT_ONCE)
    const texts = await readTexts(clickhouse, some)
    for (const id of some) {
      const local = await projectRound(ledger, id)
      expect([String(stored.get(id)?.snapshot), Number(stored.get(id)?.is_final)]).toEqual([snapshotText(local), local.sealed_at === null ? 0 : 1])
      // Canonical JSON has its keys sorted, so what is printed is judged again from the events ClickHouse holds.
      expect(printed(judgeFold(id, foldEvents(emptyFold(), texts.get(id) ?? [])))).toEqual(printed(local))
    }
  }
  return ids.length
}

async function readTexts(clickhouse: Clickhouse, ids: readonly string[]): Promise<Map<string, string[]>> {
  const texts = new Map<string, string[]>(ids.map((id) => [id, []]))
  for await (const page of buildClickhouseProjectionStore(clickhouse).readRounds(ids)) {
    for (const text of page) texts.get(String(JSON.parse(text).subject))?.push(text)
  }
  return texts
}

function printed(snapshot: Snapshot): string[] {
  const input = snapshotInput(snapshot)
  return [snapshot.evidence.root, summaryText(snapshot.summary), declarationText(evaluateDeclarations(input)), dispatchText(dispatchNextGates(input))]
}
