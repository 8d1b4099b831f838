import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of its own for tests that need a full or a read-only disk. */
export type SmallDisk = { folder: string; makeReadOnly: () => void; unmount: () => void }

/** Mounts a tmpfs of `kib` KiB; gives the reason as a string where this machine does not permit it. */
export function mountSmallDisk(kib: number): SmallDisk | string {
  const folder = mkdtempSync(join(tmpdir(), 'small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=700`, 'tmpfs', folder], { stdio: 'pipe' })
  } catch (error) {
    rmdirSync(folder)
    return `cannot mount a tmpfs here: ${error instanceof Error ? error.message.trim().replaceAll(/\s+/g, ' ') : String(error)}`
  }
  return {
    folder,
    makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'pipe' }),
    unmount: () => {
      // Lazily: a test that failed may have left a file open.
      execFileSync('umount', ['-l', folder], { stdio: 'pipe' })
      rmdirSync(folder)
    },
  }
}
