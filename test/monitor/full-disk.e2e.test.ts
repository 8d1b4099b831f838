import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { newFolder, runEvidence } from '../cli/run-program.ts'
import { mountSmallDisk } from '../support/small-disk.ts'

const disk = mountSmallDisk(2048)
const missing = typeof disk === 'string' ? disk : null
if (missing !== null) console.warn(`SUITE ABSENT: full and read-only disk: the monitor: ${missing}`)

function fill(file: string): void {
  const descriptor = openSync(file, 'w')
  try {
    for (const size of [4096, 1]) for (;;) writeSync(descriptor, Buffer.alloc(size))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(descriptor)
  }
}

describe.skipIf(missing !== null)('a full disk', () => {
  if (typeof disk === 'string') return
  afterAll(() => disk.unmount())

  const folder = newFolder()
  writeFileSync(
    path.join(folder, 'estate.yaml'),
    'estate: shop\nversion: "1"\npolicy: sop@1.78\nhosts: [{ id: here, transport: local }]\ngates: [{ id: P0-HOST }]\nchecks: [{ id: boot, gate: P0-HOST, host: here, kind: file, path: /proc/sys/kernel/random/boot_id }]\n',
  )
  const ballast = path.join(disk.folder, 'ballast')
  const runWith = (textfile: string) =>
    runEvidence(folder, ['monitor', '--once', '--estate', 'estate.yaml', '--ledger', path.join(disk.folder, 'evidence.db'), '--textfile', textfile])

  test('of the ledger: monitor_up 0; of the textfile too: the old green is taken away; and both recover', () => {
    const [elsewhere, beside] = [path.join(folder, 'elsewhere.prom'), path.join(disk.folder, 'beside.prom')]
    expect(runWith(beside).code).toBe(0)
    expect(readFileSync(beside, 'utf8')).toContain('shop_cold_start_monitor_up 1\n')
    fill(ballast)
    const toldElsewhere = runWith(elsewhere)
    expect([toldElsewhere.code, toldElsewhere.stderr]).toEqual([3, expect.stringMatching(/no round: ledger_full: /)])
    expect(readFileSync(elsewhere, 'utf8')).toMatch(/shop_cold_start_monitor_up 0\n[\s\S]*result="green"} 0\n/)
    const full = runWith(beside)
    expect([full.code, full.stderr]).toEqual([3, expect.stringMatching(/the textfile could not be written: .*ENOSPC/)])
    expect(existsSync(beside)).toBe(false)
    rmSync(ballast)
    expect(runWith(beside).code).toBe(0)
    expect(readFileSync(beside, 'utf8')).toContain('shop_cold_start_last_result{result="green"} 1\n')
  })
})
