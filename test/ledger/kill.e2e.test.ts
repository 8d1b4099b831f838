import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { onlyReviews } from '../../ledger/review-event.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { collect, idsOf } from './ledger-suite.ts'

const KILLS = 100
const CHILD = join(import.meta.dirname, 'append-child.ts')

const compiled = (path: string): NodeJS.ProcessEnv => ({ ...process.env, NODE_COMPILE_CACHE: `${path}-compiled` })

/** One child that ends by itself leaves its compiled code for all that will be killed; it has a ledger of its own. */
function compileChild(path: string): void {
  execFileSync(process.execPath, [CHILD, `${path}-other`, 'round-0', '1', '1'], { env: compiled(path) })
}

/** Appends in a child process and kills it (SIGKILL) some time after its first acknowledgement; gives the acknowledged ids. */
async function appendAndKill(path: string, roundId: string, batch: number, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, path, roundId, String(batch), '1000000'], { stdio: ['ignore', 'pipe', 'inherit'], env: compiled(path) })
  const lines: string[] = []
  let isKilled = false
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === 1) setTimeout(() => (isKilled = child.kill('SIGKILL')), afterMs)
  }
  expect(isKilled, 'the child ended by itself').toBe(true)
  // A line cut off by the kill was acknowledged as well, but its last id may be incomplete.
  return lines.flatMap((line) => line.split(' ')).filter((id) => id.length === 36)
}

it(`kill -9 in mid-append, ${KILLS} times: every acknowledged event is there exactly once`, { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-kill-'))
  const path = join(folder, 'ledger.db')
  try {
    compileChild(path)
    let acknowledged = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const roundId = `round-${kill}`
      const ids = await appendAndKill(path, roundId, 1 + (kill % 7) * 5, (kill % 10) * 2)
      acknowledged += ids.length
      const ledger = openSqliteLedger({ path, mode: 'existing' })
      const held = idsOf(await collect(ledger.readRound(roundId)))
      const reviews = await collect(onlyReviews(ledger.readAll(0)))
      expect(idsOf(await collect(ledger.readReviews()))).toEqual(idsOf(reviews))
      await ledger.close()
      const set = new Set(held)
      expect(set.size).toBe(held.length)
      expect(ids.filter((id) => !set.has(id))).toEqual([])
      // Whole batches only: the opening, then batches.
      expect((held.length - 1) % (1 + (kill % 7) * 5)).toBe(0)
      expect(await verifyLedger(path)).toMatchObject({ ok: true, rounds: kill + 1 })
    }
    const proof = await verifyLedger(path)
    console.info(`kill -9: ${KILLS} times, ${acknowledged} events acknowledged, ledger holds ${proof.events}, verify ${proof.ok ? 'ok' : 'FAILED'}`)
    expect(proof.ok).toBe(true)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
