import { extname } from 'node:path'
import { type Answer, printResult } from '../output.ts'
import { withStores } from '../stores.ts'

type Imported = { rounds: string[]; appended: number; duplicates: number }

/** `evidence round import`: recorded rounds (YAML) or CloudEvents (NDJSON). Importing again changes nothing. */
export async function run([file]: [string], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const isYaml = ['.yaml', '.yml'].includes(extname(file))
  const imported = isYaml ? await importRecorded(file, options.ledger) : await importEvents(file, options.ledger)
  printResult(
    options.json,
    imported,
    `imported ${imported.appended} events, ${imported.duplicates} already there\n${imported.rounds.map((id) => `  ${id}\n`).join('')}`,
  )
  return 0
}

async function importRecorded(file: string, path: string): Promise<Imported> {
  const { loadRecordedRounds, recordedRoundEvents } = await import('../../producers/recorded-round.ts')
  const loaded = await loadRecordedRounds(file)
  return withStores(path, 'create', async ({ ledger, snapshots }) => {
    const sum: Imported = { rounds: [], appended: 0, duplicates: 0 }
    for (const round of loaded.rounds) {
      const { appended, duplicates } = await ledger.append(recordedRoundEvents(round, loaded.estate.estate, loaded.estate.digest))
      sum.appended += appended
      sum.duplicates += duplicates
      sum.rounds.push(round.id)
      const { projectRound } = await import('../../projector/project-round.ts')
      await projectRound(ledger, round.id, { store: snapshots })
    }
    return sum
  })
}

async function importEvents(file: string, path: string): Promise<Imported> {
  const { importEvents: importFile } = await import('../../ledger/import-events.ts')
  const { projectRound } = await import('../../projector/project-round.ts')
  return withStores(path, 'create', async ({ ledger, snapshots }) => {
    const before = (await ledger.stats()).lastPosition
    const { appended, duplicates } = await importFile(ledger, file)
    const touched = new Set<string>()
    for await (const page of ledger.readAll(before)) {
      for (const { text } of page) touched.add((JSON.parse(text) as { subject: string }).subject)
    }
    // Escrow markers, and decisions about a round that is not in the file, are no rounds.
    const rounds = (await ledger.roundIds()).filter((id) => touched.has(id))
    for (const id of rounds) await projectRound(ledger, id, { store: snapshots })
    return { rounds, appended, duplicates }
  })
}
