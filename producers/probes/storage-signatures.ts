import type { CheckOf } from '../../schemas/estate.ts'
import { storageSignaturesUnmet } from '../../schemas/expectations/storage-signatures.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import type { StorageSignature } from '../../schemas/machine-facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { createLookBudget } from './look-budget.ts'
import { nullIfRefused } from './optional-fact.ts'
import { runCatalogue } from './run-catalogue.ts'
import { toFacts } from './to-facts.ts'

type Source = FactsOf<'storage-signatures'>['sources'][number]
const MAX_LOG_BYTES = 33_554_432

type Pattern = readonly [StorageSignature, RegExp]

/** The runbook's own words (§10.1); a line may hold several. */
const SIGNATURES: readonly Pattern[] = [
  ['bad_message', /Bad message/iu],
  ['needs_cleaning', /Structure needs cleaning/iu],
  ['unknown_codec', /Unknown codec/iu],
  ['no_valid_checkpoint', /could not locate a valid checkpoint record/iu],
  ['malformed_checkpoint_line', /Malformed line/iu],
  ['broken_part', /broken and needs? manual correction/iu],
]

/**
 * What only the kernel says: a file system that it found broken or closed, and a device that does not give what was
 * written. Floppy and optical drives, loop and memory devices are none that data rests on.
 */
const KERNEL_SIGNATURES: readonly Pattern[] = [
  ...SIGNATURES,
  [
    'file_system_error',
    /\bEXT[234]-fs\b.*\berror\b|\bXFS \(\S+\): .*(?:[Cc]orrupt|[Ss]hutting down|[Ss]hut down)|\bBTRFS (?:error|critical)\b|\bJBD2: .*[Ee]rror|Aborting journal|Remounting filesystem read-only/u,
  ],
  ['device_error', /\b(?:(?:I\/O|[Mm]edium|critical target) [Ee]rror|Unrecovered read error)\b(?!.*\bdev (?:fd|sr|loop|ram|zram)\d)/u],
]

/**
 * Counts signs of damaged storage in the kernel log, container logs and log files. No line of a log leaves this
 * function. A source that is not there or is refused is null; the others are searched all the same.
 */
export async function probeStorageSignatures(check: CheckOf<'storage-signatures'>, context: ProbeContext): Promise<Look<'storage-signatures'>> {
  const budget = createLookBudget(context)
  const search = async (source: string, argv: readonly string[], { withStderr = false, patterns = SIGNATURES } = {}): Promise<Source> => {
    const result = await nullIfRefused(runCatalogue(context, argv, { ...budget(MAX_LOG_BYTES), withStderr }))
    return result === null ? { source, lines: null, found: [] } : { source, ...searchLog(result.stdout, patterns) }
  }
  const sources: Source[] = check.kernel ? [await search('kernel', commandLine('kernel.log'), { patterns: KERNEL_SIGNATURES })] : []
  // A container's own stderr comes out of `docker logs` as stderr; servers write their panics there.
  const hours = String(check.since_hours)
  for (const name of check.containers)
    sources.push(await search(`container ${name}`, commandLine('docker.logs', { hours, container: name }), { withStderr: true }))
  for (const path of check.files) sources.push(await search(`file ${path}`, commandLine('file.tail', { path })))
  const facts = toFacts(FACTS['storage-signatures'], { sources })
  return { target: targetOf(check), asOf: null, met: storageSignaturesUnmet(check, facts, context.now()).length === 0, facts }
}

/** Logs are bytes of many programs: what is not UTF-8 in a line must not hide the rest of it. */
function searchLog(bytes: Buffer, patterns: readonly Pattern[]): Omit<Source, 'source'> {
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const found = patterns.map(([signature, pattern]) => ({ signature, lines: lines.filter((line) => pattern.test(line)).length }))
  return { lines: lines.length, found: found.filter((one) => one.lines > 0) }
}
