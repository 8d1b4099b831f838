import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { MarkerFile } from '../../producers/escrow-inventory.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { writeFileAtomically } from './write-file.ts'

/** Probes of another user must be able to read a marker; it holds a reference and no secret. */
const MARKER_MODE = 0o644

/** A mistyped folder must not be made: a probe would never look there. `name`: what named it. Throws `file_unreadable`. */
export async function assertMarkerFolder(path: string, name: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) throw new EvidenceError('file_unreadable', `what ${name} names is not a folder`, { remedy: 'make the folder that the escrow check looks at' })
}

/** Writes a marker file whole or not at all. Throws `output_unwritable`. */
export async function writeMarker(folder: string, marker: MarkerFile): Promise<void> {
  const file = join(folder, `${marker.item}.json`)
  await writeFileAtomically(file, `${JSON.stringify(marker)}\n`)
  await chmod(file, MARKER_MODE)
}
