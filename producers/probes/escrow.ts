import { hash } from 'node:crypto'
import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { escrowUnmet } from '../../schemas/expectations/escrow.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { Time } from '../../schemas/primitives.ts'
import { targetOf } from '../check-target.ts'
import { evidenceIdProblem } from '../escrow-evidence-id.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions } from '../transport.ts'
import { createLookBudget } from './look-budget.ts'
import { toUtf8Text } from './utf8-text.ts'

const MAX_MARKERS = 100
const MAX_LISTING_BYTES = 262_144
const MAX_MARKER_BYTES = 4096
const FILE_NAME = /^([a-z][a-z0-9_]{2,63})\.json$/u
/** Content of a marker file; anything more in it is refused with the rest. */
const MarkerFile = z.strictObject({ item: z.string(), evidence_id: z.string(), marked_at: Time })
type Marker = FactsOf<'escrow'>['markers'][number]

/**
 * Takes the inventory of escrow markers `<item>.json` in a directory. Of each marker only its presence, its time and
 * the digest of its evidence id are kept; one that cannot be read as a marker, names another item, or holds a
 * placeholder or something secret-like is not present. A missing directory is a failed look and not an empty one.
 */
export async function probeEscrow(check: CheckOf<'escrow'>, context: ProbeContext): Promise<Look<'escrow'>> {
  const budget = createLookBudget(context)
  const items = await listItems(check.path, context, budget(MAX_LISTING_BYTES))
  const markers: Marker[] = []
  for (const item of items) markers.push(await readMarker(check.path, item, context, budget(MAX_MARKER_BYTES)))
  const facts: FactsOf<'escrow'> = { source: check.path, markers }
  return { target: targetOf(check), asOf: null, met: escrowUnmet(check, facts, context.now()).length === 0, facts }
}

async function listItems(path: string, { transport }: ProbeContext, options: RunOptions): Promise<string[]> {
  const result = await transport.run(['ls', '-1A', '--', `${path}/`], options)
  if (result.exitCode !== 0) {
    if (/Permission denied/u.test(result.stderrLine)) throw new ProbeFailure('permission', 'read', 'permission denied')
    if (/No such file|Not a directory/u.test(result.stderrLine)) throw new ProbeFailure('unreachable', 'read', 'directory does not exist')
    throw new ProbeFailure('exit_status', 'read', scrubLine(`exit code ${result.exitCode}: ${result.stderrLine}`))
  }
  const items = result.stdout
    .toString('latin1')
    .split('\n')
    .flatMap((name) => FILE_NAME.exec(name)?.[1] ?? [])
  if (items.length > MAX_MARKERS) throw new ProbeFailure('parse', 'read', `more than ${MAX_MARKERS} marker files`)
  return items.sort()
}

async function readMarker(path: string, item: string, { transport }: ProbeContext, options: RunOptions): Promise<Marker> {
  const absent: Marker = { item, present: false, marked_at: null, evidence_id_sha256: null }
  try {
    const parsed = parseJsonText(toUtf8Text(await transport.readFile(`${path}/${item}.json`, options)))
    const marker = parsed.ok ? MarkerFile.safeParse(parsed.value) : { success: false as const }
    if (!marker.success || marker.data.item !== item || evidenceIdProblem(marker.data.evidence_id) !== null) return absent
    return { item, present: true, marked_at: marker.data.marked_at, evidence_id_sha256: hash('sha256', marker.data.evidence_id, 'hex') }
  } catch (error) {
    // Too large, not a file, not text: malformed. Anything else means that we could not look.
    if (error instanceof ProbeFailure && error.reason === 'parse') return absent
    throw error
  }
}
