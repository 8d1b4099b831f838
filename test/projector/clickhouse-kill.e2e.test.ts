import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'

const CHILD = join(import.meta.dirname, 'clickhouse-child.ts')
const EVENTS_A_ROUND = 22
const CHECKS = 20

type Found = { events: Record<string, number>; snapshots: string[]; checks: Record<string, number> }

/** Kills the program and the engine in it at whatever it is doing, once this many rounds were acknowledged. */
async function killAfter(acknowledged: number, folder: string): Promise<number> {
  const child = spawn(process.execPath, [CHILD, 'write', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let last = -1
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last + 1 === acknowledged) child.kill('SIGKILL')
  }
  return last
}

it.each([1, 4, 9])(
  'what was acknowledged before kill -9 is there once, %i rounds in',
  async (acknowledged) => {
    const folder = mkdtempSync(join(tmpdir(), 'chdb-kill-'))
    const last = await killAfter(acknowledged, folder)
    expect(last).toBeGreaterThanOrEqual(acknowledged - 1)
    // The same rounds again, as after a restart of the projector: doubles of what was there.
    await killAfter(1, folder)
    const found = JSON.parse(execFileSync(process.execPath, [CHILD, 'read', folder], { encoding: 'utf8' })) as Found
    for (let n = 0; n <= last; n++) {
      const id = `round-${n}`
      expect([id, found.events[id], found.snapshots.filter((one) => one === id).length, found.checks[id]]).toEqual([id, EVENTS_A_ROUND, 1, CHECKS])
    }
    // Whatever broke off: a snapshot that is told of has all of its checks, and no round has an event twice.
    for (const id of found.snapshots) expect([id, found.checks[id]]).toEqual([id, CHECKS])
    expect(Object.values(found.events).every((count) => count <= EVENTS_A_ROUND)).toBe(true)
    rmSync(folder, { recursive: true, force: true })
  },
  120_000,
)
