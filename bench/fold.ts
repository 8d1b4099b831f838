import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { roundRoot } from '../ledger/round-root.ts'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import { addToFold, emptyFold, type Fold, toFoldedEvent } from '../projector/fold.ts'
import { judgeFold, readRoundFold } from '../projector/project-round.ts'
import { makeOpened, makeSealed, makeTcpObserved } from '../test/support/make-events.ts'
import type { BenchRow } from './append.ts'

const CHECKS_PER_ROUND = 98

/**
 * Replay and fold of a whole ledger, with the root of every sealed round proved, against bare `JSON.parse` of the same
 * lines. Both take turns page by page, so that whatever else the machine does hits both.
 */
export async function benchFold(events = 1_000_000): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-fold-'))
  const path = join(folder, 'evidence.db')
  try {
    const rounds = await fill(path, events)
    return [...(await replay(path)), await projectOne(path, rounds)]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function fill(path: string, events: number): Promise<number> {
  const ledger = openSqliteLedger({ path, mode: 'create' })
  const checks = Array.from({ length: CHECKS_PER_ROUND }, (_, n) => `check-${n}`)
  const rounds = Math.ceil(events / (CHECKS_PER_ROUND + 2))
  for (let r = 0; r < rounds; r++) {
    const id = `bench-round-${r}`
    const n = r * 200
    const rooted = [makeOpened(id, n, checks), ...checks.map((check, i) => makeTcpObserved(id, n + 1 + i, check))]
    await ledger.append([...rooted, makeSealed(id, n + 150, rooted)])
    if (r % 1000 === 0) process.stderr.write(`filling: ${r} of ${rounds} rounds\n`)
  }
  await ledger.close()
  return rounds
}

async function replay(path: string): Promise<BenchRow[]> {
  const ledger = openSqliteLedger({ path, mode: 'readonly' })
  const open = new Map<string, Fold>()
  const sum = { fold: 0, roots: 0, bare: 0, count: 0, proved: 0, bytes: 0, peak: 0 }
  const pages = ledger.readAll(0)[Symbol.asyncIterator]()
  for (;;) {
    const start = performance.now()
    const { value: page, done } = await pages.next()
    if (done) break
    const sealed = page.flatMap((stored) => foldOne(stored.text, open))
    const folded = performance.now()
    for (const fold of sealed) prove(fold)
    sum.fold += folded - start
    sum.roots += performance.now() - folded
    sum.proved += sealed.length
    const lines = page.map((stored) => stored.text)
    const parsing = performance.now()
    for (const line of lines) JSON.parse(line)
    sum.bare += performance.now() - parsing
    sum.count += page.length
    sum.bytes += lines.reduce((total, line) => total + line.length, 0)
    sum.peak = Math.max(sum.peak, process.memoryUsage().rss)
  }
  await ledger.close()
  const parsed = `${perSecond(sum.count, sum.bare)} events/s parsed`
  const what = `${sum.count} events of ${Math.round(sum.bytes / sum.count)} bytes`
  const all = sum.fold + sum.roots
  return [
    {
      name: 'replay and fold against bare JSON.parse',
      ratio: sum.bare / sum.fold,
      floor: 0.5,
      detail: `${what}: ${perSecond(sum.count, sum.fold)} events/s against ${parsed}; peak memory ${Math.round(sum.peak / 1e6)} MB`,
    },
    {
      name: 'replay, fold and every root proved against bare JSON.parse',
      ratio: sum.bare / all,
      floor: null,
      detail: `${sum.proved} roots: ${perSecond(sum.count, all)} events/s against ${parsed}`,
    },
  ]
}

/** Folds one event into its round; a sealed round is given back to be proved, and let go. */
function foldOne(text: string, open: Map<string, Fold>): Fold[] {
  const folded = toFoldedEvent(text)
  if (folded === null) throw new Error('an event of the bench is unreadable')
  const { subject } = folded.event
  const fold = open.get(subject) ?? emptyFold()
  open.set(subject, fold)
  addToFold(fold, folded)
  if (folded.event.type !== 'round.sealed.v1') return []
  open.delete(subject)
  return [fold]
}

function prove(fold: Fold): void {
  const events = [...fold.events.values()]
  const seal = events.find((one) => one.type === 'round.sealed.v1')?.event
  if (seal?.type !== 'round.sealed.v1' || roundRoot(events).root !== seal.data.root) throw new Error('a round of the bench does not have the root of its seal')
}

/** Projecting one round of a large ledger: what it costs, and that its memory does not depend on the ledger. */
async function projectOne(path: string, rounds: number): Promise<BenchRow> {
  const ledger = openSqliteLedger({ path, mode: 'readonly' })
  const ids = await ledger.roundIds()
  const spent = { fold: 0, judge: 0 }
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  for (const id of ids.filter((_, n) => n % Math.max(1, Math.floor(rounds / 50)) === 0)) {
    const start = performance.now()
    const fold = await readRoundFold(ledger, id)
    const folded = performance.now()
    judgeFold(id, fold)
    spent.fold += folded - start
    spent.judge += performance.now() - folded
  }
  await ledger.close()
  const grown = Math.round((process.memoryUsage().rss - before) / 1e6)
  const detail = `50 rounds of ${CHECKS_PER_ROUND} checks out of ${rounds}: read and fold ${(spent.fold / 50).toFixed(2)} ms, verify and judge ${(spent.judge / 50).toFixed(2)} ms each; memory grew by ${grown} MB`
  return { name: 'read and fold a round, share of the whole projection', ratio: spent.fold / (spent.fold + spent.judge), floor: null, detail }
}

function perSecond(count: number, ms: number): string {
  return `${Math.round(count / ms)} k`
}

if (import.meta.main) for (const row of await benchFold(Number(process.argv[2] ?? 1_000_000))) console.log(row)
