import { hash } from 'node:crypto'
import { z } from 'zod'
import type { FactsOf } from '../schemas/facts.ts'
import { parseJsonText } from '../schemas/json-text.ts'
import { Time } from '../schemas/primitives.ts'
import { commandLine } from './commands/catalogue.ts'
import { evidenceIdProblem } from './escrow-evidence-id.ts'
import type { ProbeContext } from './probe.ts'
import { createLookBudget } from './probes/look-budget.ts'
import { toUtf8Text } from './probes/utf8-text.ts'
import { scrubLine } from './scrub-line.ts'
import { ProbeFailure, type RunOptions } from './transport.ts'
import { saysDenied, saysMissing } from './transports/stderr-words.ts'

const MAX_MARKERS = 100
const MAX_LISTING_BYTES = 262_144
const MAX_MARKER_BYTES = 4096
const FILE_NAME = /^([a-z][a-z0-9_]{2,63})\.json$/u

/** Content of a marker file; anything more in it is refused with the rest. */
export const MarkerFile = z.strictObject({ item: z.string(), evidence_id: z.string(), marked_at: Time })
export type MarkerFile = z.infer<typeof MarkerFile>

type Marker = FactsOf<'escrow'>['markers'][number]
/** A file with the name of a marker: a marker, or why it is none. */
export type SeenMarker = {
  item: string
  state: 'present' | 'malformed' | 'placeholder' | 'secret_like'
  marked_at: string | null
  evidence_id_sha256: string | null
}

/**
 * Reads the markers `<item>.json` in a directory, in order of items. Of each only its state, its time and the digest of
 * its evidence id leave this function. Throws `ProbeFailure`: a missing directory is a failed look and not an empty one.
 */
export async function readEscrowInventory(path: string, context: ProbeContext): Promise<SeenMarker[]> {
  const budget = createLookBudget(context)
  const items = await listItems(path, context, budget(MAX_LISTING_BYTES))
  const markers: SeenMarker[] = []
  for (const item of items) markers.push(await readMarker(path, item, context, budget(MAX_MARKER_BYTES)))
  return markers
}

/** The facts of an inventory: what is no marker is not present. */
export function inventoryFacts(source: string, seen: readonly SeenMarker[]): FactsOf<'escrow'> {
  const markers = seen.map(({ state, ...marker }): Marker => ({ ...marker, present: state === 'present' }))
  return { source, markers }
}

async function listItems(path: string, { transport }: ProbeContext, options: RunOptions): Promise<string[]> {
  const result = await transport.run(commandLine('folder.list', { folder: path }), options)
  if (result.exitCode !== 0) {
    if (saysDenied(result.stderrLine)) throw new ProbeFailure('permission', 'read', 'permission denied')
    if (saysMissing(result.stderrLine)) throw new ProbeFailure('unreachable', 'read', 'directory does not exist')
    throw new ProbeFailure('exit_status', 'read', scrubLine(`exit code ${result.exitCode}: ${result.stderrLine}`))
  }
  const items = result.stdout
    .toString('latin1')
    .split('\n')
    .flatMap((name) => FILE_NAME.exec(name)?.[1] ?? [])
  if (items.length > MAX_MARKERS) throw new ProbeFailure('parse', 'read', `more than ${MAX_MARKERS} marker files`)
  return items.sort()
}

async function readMarker(path: string, item: string, { transport }: ProbeContext, options: RunOptions): Promise<SeenMarker> {
  try {
    return toSeenMarker(item, toUtf8Text(await transport.readFile(`${path}/${item}.json`, options)))
  } catch (error) {
    // Too large, not a file, not text: malformed. Anything else means that we could not look.
    if (error instanceof ProbeFailure && error.reason === 'parse') return { item, state: 'malformed', marked_at: null, evidence_id_sha256: null }
    throw error
  }
}

function toSeenMarker(item: string, text: string): SeenMarker {
  const parsed = parseJsonText(text)
  const marker = parsed.ok ? MarkerFile.safeParse(parsed.value) : { success: false as const }
  const state = !marker.success || marker.data.item !== item ? 'malformed' : (evidenceIdProblem(marker.data.evidence_id) ?? 'present')
  if (state !== 'present' || !marker.success) return { item, state, marked_at: null, evidence_id_sha256: null }
  return { item, state, marked_at: marker.data.marked_at, evidence_id_sha256: hash('sha256', marker.data.evidence_id, 'hex') }
}
