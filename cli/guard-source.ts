import { basename, dirname } from 'node:path'
import type { GuardInput } from '../guards/guard-input.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { readInputFile } from './read-input-file.ts'

export type SourceOptions = { summaryFile?: string; policy?: string; ledger: string; json?: boolean; record?: boolean }

/** Where a guard's summary came from: a file, or a round projected from its events just now. */
export type GuardSource = { input: GuardInput; roundId: string | null }

const MAX_SUMMARY_BYTES = 1_048_576

/** Reads what a guard judges: `ID` from the ledger, or `--summary-file`. Exactly one of them. */
export async function readGuardSource(id: string | undefined, options: SourceOptions): Promise<GuardSource> {
  if ((id === undefined) === (options.summaryFile === undefined)) {
    throw new EvidenceError('usage', 'name a round or give --summary-file, one of them', { remedy: 'evidence round list shows the rounds' })
  }
  return id === undefined
    ? { input: await fromFile(options.summaryFile as string, options.policy), roundId: null }
    : { input: await fromLedger(id, options), roundId: id }
}

async function fromFile(file: string, policy: string | undefined): Promise<GuardInput> {
  if (policy !== undefined) throw new EvidenceError('usage', '--policy needs a round of the ledger: a summary file is judged already')
  const bytes = await readInputFile(file, MAX_SUMMARY_BYTES)
  const [{ readSummary }, { summaryInput }] = await Promise.all([import('../projector/read-summary.ts'), import('../guards/guard-input.ts')])
  const folder = basename(dirname(file))
  const artifactId = /^[a-z0-9][a-z0-9-]{2,99}$/.test(folder) && folder.includes('-') ? { artifactId: folder } : {}
  return summaryInput(readSummary(Buffer.from(bytes).toString('utf8'), { name: file, ...artifactId }))
}

async function fromLedger(id: string, { ledger: path, policy }: SourceOptions): Promise<GuardInput> {
  const [{ withLedger }, { projectRound }, { snapshotInput }] = await Promise.all([
    import('./stores.ts'),
    import('../projector/project-round.ts'),
    import('../guards/guard-input.ts'),
  ])
  const snapshot = await withLedger(path, 'readonly', (ledger) => projectRound(ledger, id, policy === undefined ? {} : { policy }))
  return snapshotInput(snapshot)
}
