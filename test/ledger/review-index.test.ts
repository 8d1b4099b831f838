import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BatchWriter } from '../../ledger/batch-writer.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { inTransaction, openLedgerFile } from '../../ledger/ledger-file.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { APPEND_GUARD, LEDGER_MIGRATIONS } from '../../ledger/sqlite-schema.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { remakeReviewIndex } from '../support/hide-reviews.ts'
import { makeGuardEvaluated, makeOpened, makeRound, makeTcpObserved } from '../support/make-events.ts'
import { makePreflight, makeReview } from '../support/make-reviews.ts'
import { collect, idsOf } from './ledger-suite.ts'

/** Made by the program as it was before the index: two rounds, a preflight at position 4, its acceptance at 9. */
const GOLDEN = join(import.meta.dirname, 'golden-ledger-v1.sqlite')
const CHILD = join(import.meta.dirname, 'open-child.ts')
const KILLS = 12

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-reviews-'))
  path = join(folder, 'ledger.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Positions of the reviews, as a handle of its own reads them. */
async function positions(mode: 'existing' | 'readonly' = 'readonly'): Promise<number[]> {
  const ledger = openSqliteLedger({ path, mode })
  try {
    return (await collect(ledger.readReviews())).map(({ position }) => position)
  } finally {
    await ledger.close()
  }
}

const versionOf = (): unknown => {
  const db = new DatabaseSync(path, { readOnly: true })
  const version = db.prepare("SELECT version FROM schema_version WHERE component = 'ledger'").get()?.version
  db.close()
  return version
}

/** A ledger of the tables of version 1, as large as it takes a moment to index. */
async function makeOld(checks: number): Promise<void> {
  const ledger = openSqliteLedger({ path, mode: 'create' })
  const looks = Array.from({ length: checks }, (_, i) => makeTcpObserved('round-a', i + 1, 'check-1'))
  await ledger.append([makeOpened('round-a', 0, ['check-1']), makePreflight('round-a', 900_000), ...looks, makeReview('round-a', 900_001)])
  await ledger.close()
  const db = new DatabaseSync(path)
  db.exec("DROP INDEX events_reviews; UPDATE schema_version SET version = 1 WHERE component = 'ledger'")
  db.close()
}

describe('a ledger file of the tables before the index', () => {
  it('is read and proved as it lies there, and nothing is written to it', async () => {
    copyFileSync(GOLDEN, path)
    expect(await positions('readonly')).toEqual([4, 9])
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 9, rounds: 2 })
    expect(versionOf()).toBe(1)
  })

  it('is brought forward by the first that writes, and proves the same', async () => {
    copyFileSync(GOLDEN, path)
    const before = await verifyLedger(path)
    expect(await positions('existing')).toEqual([4, 9])
    expect(versionOf()).toBe(2)
    expect(await verifyLedger(path)).toEqual(before)
    expect(await positions('readonly')).toEqual([4, 9])
  })

  it('is found out where its tables are not those of its version', async () => {
    copyFileSync(GOLDEN, path)
    const db = new DatabaseSync(path)
    db.exec("UPDATE schema_version SET version = 2 WHERE component = 'ledger'")
    db.close()
    expect(await verifyLedger(path)).toMatchObject({ ok: false, first: { code: 'schema', message: expect.stringContaining('events_reviews') } })
    await expect(positions()).rejects.toMatchObject({ code: 'ledger_corrupt' })
  })

  it(`kill -9 while it is brought forward, ${KILLS} times: it is of one version or the other, whole`, { timeout: 120_000 }, async () => {
    await makeOld(20_000)
    const old = `${path}-old`
    copyFileSync(path, old)
    const versions: unknown[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
      copyFileSync(old, path)
      const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit')
      await once(child.stdout, 'data')
      await sleep(2 * kill)
      child.kill('SIGKILL')
      await ended
      const version = versionOf()
      versions.push(version)
      expect([1, 2]).toContain(version)
      expect(await positions('readonly')).toEqual([2, 20_003])
      expect(await positions('existing')).toEqual([2, 20_003])
      expect(versionOf()).toBe(2)
    }
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 20_003 })
    console.info(`kill -9 while the tables are brought forward: versions found ${versions.join(' ')}`)
  })

  it('is what it was where the step was not committed', async () => {
    copyFileSync(GOLDEN, path)
    const [, step = ''] = LEDGER_MIGRATIONS
    const db = openLedgerFile({ path, mode: 'existing' })
    db.exec('BEGIN IMMEDIATE')
    db.exec(step)
    // Another process meanwhile: reads what was, and waits to write.
    expect(await positions('readonly')).toEqual([4, 9])
    db.exec('ROLLBACK')
    db.close()
    expect(versionOf()).toBe(1)
    expect(await positions('existing')).toEqual([4, 9])
  })

  it('a program that began before goes on appending, and its reviews are found', async () => {
    await makeOld(10)
    const older = openSqliteLedger({ path, mode: 'readonly' })
    // The writer is that of the older program: the index asks nothing of it.
    const db = openLedgerFile({ path, mode: 'existing' })
    db.function(APPEND_GUARD, () => 1)
    const writer = new BatchWriter(db, path)
    const newer = openSqliteLedger({ path, mode: 'existing' })
    expect(inTransaction(db, () => writer.write([makeReview('round-a', 900_002)]))).toMatchObject({ appended: 1 })
    for (const ledger of [older, newer]) {
      expect((await collect(ledger.readReviews())).map(({ position }) => position)).toEqual([2, 13, 14])
      await ledger.close()
    }
    db.close()
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 14 })
  })
})

describe('an index that was tampered with', () => {
  /** Positions 4, 5 and 8 are reviews. */
  beforeEach(async () => {
    const ledger = openSqliteLedger({ path, mode: 'create' })
    await ledger.append([...makeRound('round-a', 1), makePreflight('round-a', 10), makeReview('round-a', 11)])
    await ledger.append([makeGuardEvaluated('round-a', 12), makeOpened('round-b', 0, ['check-1']), makeReview('round-a', 13, { decision: 'rejected' })])
    await ledger.close()
    expect(await positions()).toEqual([4, 5, 8])
  })

  const change = (sql: string): void => {
    const db = new DatabaseSync(path)
    db.exec(sql)
    db.close()
  }
  const rule = (): string => {
    const db = new DatabaseSync(path, { readOnly: true })
    const sql = String(db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'events_reviews'").get()?.sql)
    db.close()
    return sql
  }

  it('is by a rule that was released, and stays', () => {
    const endings = ['"type":"review.recorded.v1"}', '":"response.preflighted.v1"}'].map((ending) => `x'${Buffer.from(ending).toString('hex')}'`)
    const [recorded, preflighted] = endings
    expect(rule()).toBe(`CREATE INDEX events_reviews ON events(position) WHERE substr(payload, -28) IN (${preflighted}, ${recorded})`)
  })

  it('gone, or by a rule that leaves reviews out: refused, and `ledger verify` says so', async () => {
    const sql = rule()
    for (const other of ['', ' WHERE 0', ' WHERE position < 8', `${sql.slice(sql.indexOf(' WHERE'))} AND position < 8`]) {
      change(`DROP INDEX IF EXISTS events_reviews; ${other === '' ? '' : `CREATE INDEX events_reviews ON events(position)${other}`}`)
      await expect(positions(), other).rejects.toMatchObject({ code: 'ledger_corrupt' })
      await expect(positions('existing'), other).rejects.toMatchObject({ code: 'ledger_corrupt' })
      expect(await verifyLedger(path), other).toMatchObject({ ok: false, first: { code: 'schema' } })
    }
    const ledger = openSqliteLedger({ path, mode: 'readonly' })
    expect((await collect(ledger.readAll(0))).length).toBe(8)
    await ledger.close()
  })

  it('of another table, or another kind of thing: refused', async () => {
    for (const other of ['CREATE INDEX events_reviews ON runs(first)', 'CREATE TABLE events_reviews(position)']) {
      change(`DROP INDEX IF EXISTS events_reviews; ${other}`)
      await expect(positions()).rejects.toMatchObject({ code: 'ledger_corrupt' })
    }
  })

  it('over all events: gives what it should all the same', async () => {
    change('DROP INDEX events_reviews; CREATE INDEX events_reviews ON events(position)')
    expect(await positions()).toEqual([4, 5, 8])
    expect(await verifyLedger(path)).toMatchObject({ ok: false, first: { code: 'schema' } })
  })

  it('entries removed below SQL: `ledger verify` finds it', async () => {
    remakeReviewIndex(path, { only: 'position < 8' })
    expect(await positions()).toEqual([4, 5])
    expect(await verifyLedger(path)).toMatchObject({ ok: false, first: { code: 'file' } })
  })

  it('entries that point elsewhere: refused, or no review of another event', { timeout: 20_000 }, async () => {
    for (const columns of ['position + 1', 'position - 1', 'position % 5', '-position', '7']) {
      copyFileSync(path, `${path}-good`)
      remakeReviewIndex(path, { columns })
      const found = await positions().catch((error: { code: string }) => error.code)
      if (found !== 'ledger_corrupt') expect([4, 5, 8], columns).toEqual(expect.arrayContaining(found as number[]))
      expect(await verifyLedger(path), columns).toMatchObject({ ok: false, first: { code: 'file' } })
      copyFileSync(`${path}-good`, path)
    }
  })

  it('the version set back: read without it, and not written to', async () => {
    remakeReviewIndex(path, { only: 'position < 8' })
    change("UPDATE schema_version SET version = 1 WHERE component = 'ledger'")
    expect(await positions('readonly')).toEqual([4, 5, 8])
    expect(() => openSqliteLedger({ path, mode: 'existing' })).toThrow(expect.objectContaining({ name: 'EvidenceError' }))
  })
})

it('reads what came meanwhile only when asked again', async () => {
  const ledger: Ledger = openSqliteLedger({ path, mode: 'create' })
  await ledger.append([...makeRound('round-a', 1), makeReview('round-a', 11)])
  const pages = ledger.readReviews()
  await ledger.append([makeReview('round-a', 12)])
  expect(idsOf(await collect(pages))).toEqual([makeReview('round-a', 11).id])
  expect((await collect(ledger.readReviews())).length).toBe(2)
  await ledger.close()
})
