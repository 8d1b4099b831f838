import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { makeEvent, makeGuardEvaluated, makeOpened, makeRound, makeTcpObserved } from '../support/make-events.ts'

const TABLES = ['events', 'rounds', 'runs', 'head'] as const

/** Two sealed rounds and an open one, mixed, with a decision: 17 events in 6 runs. */
async function buildLedger(path: string): Promise<void> {
  const [a, b] = [makeRound('round-a', 3), makeRound('round-b', 6)]
  const ledger = openSqliteLedger({ path, mode: 'create' })
  await ledger.append([...a.slice(0, 3), ...b.slice(0, 4)])
  await ledger.append([...a.slice(3), makeGuardEvaluated('round-a', 20)])
  await ledger.append([...b.slice(4), makeOpened('round-c', 0, ['check-1']), makeTcpObserved('round-c', 1, 'check-1')])
  await ledger.append([makeGuardEvaluated('round-b', 21)])
  await ledger.close()
}

describe('verifyLedger', () => {
  let folder: string
  let good: string
  let path: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-verify-'))
    good = join(folder, 'good.db')
    path = join(folder, 'tampered.db')
    await buildLedger(good)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Works on a fresh copy with the guards dropped, as somebody with write access to the file would, and puts them back. */
  const tamper = (work: (db: DatabaseSync) => void): void => {
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    copyFileSync(good, path)
    const db = new DatabaseSync(path)
    try {
      const guards = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all()
      for (const { name } of guards) db.exec(`DROP TRIGGER ${String(name)}`)
      work(db)
      for (const { sql } of guards) db.exec(String(sql))
    } finally {
      db.close()
    }
  }

  /** What verify says first after tampering. */
  const findingAfter = async (work: (db: DatabaseSync) => void): Promise<unknown> => {
    tamper(work)
    const result = await verifyLedger(path)
    return result.ok ? 'NOT FOUND' : result.first
  }

  it('proves a ledger that is right, and says what is open', async () => {
    const progress: number[] = []
    const proof = await verifyLedger(good, { onProgress: (checked) => progress.push(checked) })
    expect(proof).toEqual({
      ok: true,
      events: 17,
      rounds: 3,
      sealed: 2,
      unsealed: ['round-c'],
      head: { position: 17, chain: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    expect(await findingAfter(() => undefined)).toBe('NOT FOUND')
    const empty = join(folder, 'empty.db')
    await openSqliteLedger({ path: empty, mode: 'create' }).close()
    expect(await verifyLedger(empty)).toMatchObject({ ok: true, events: 0, head: { position: 0, chain: '0'.repeat(64) } })
    await expect(verifyLedger(join(folder, 'none.db'))).rejects.toMatchObject({ code: 'ledger_missing' })
  })

  it('finds a flipped bit in every column of every row of every table', { timeout: 120_000 }, async () => {
    const db = new DatabaseSync(good)
    const cells = TABLES.flatMap((table) =>
      db
        .prepare(`SELECT rowid AS tampered_rowid, * FROM ${table}`)
        .all()
        .flatMap((row) =>
          Object.keys(row)
            .filter((column) => column !== 'tampered_rowid')
            .map((column) => ({ table, rowid: Number(row.tampered_rowid), column, value: row[column] })),
        ),
    )
    db.close()
    let flips = 0
    for (const { table, rowid, column, value } of cells) {
      for (const flipped of flippedValues(value ?? null, cells.length + flips)) {
        const isOneRow = table === 'head' && column === 'one'
        if (isOneRow) continue // held to 1 by the table itself
        const first = await findingAfter((raw) => raw.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`).run(flipped, rowid))
        expect(first, `${table}.${column} of row ${rowid}`).toMatchObject({ code: expect.any(String) })
        // What is wrong with a row of events is found there, unless the row moved away from its place.
        if (table === 'events' && column !== 'position') expect(first).toMatchObject({ position: rowid })
        flips++
      }
    }
    console.info(`tampering: ${flips} flipped bits in ${cells.length} cells, all found`)
    expect(flips).toBeGreaterThan(200)
  })

  it('finds every removed row, also the last, with and without what points to it', async () => {
    for (let position = 1; position <= 17; position++) {
      const first = await findingAfter((db) => db.exec(`DELETE FROM events WHERE position = ${position}`))
      expect(first).toMatchObject(position === 17 ? { code: 'head' } : { code: 'position', position })
      const closed = await findingAfter((db) => {
        db.exec(`DELETE FROM events WHERE position = ${position}; UPDATE events SET position = -position WHERE position > ${position}`)
        db.exec('UPDATE events SET position = -position - 1 WHERE position < 0; UPDATE head SET events = 16')
      })
      expect(closed).toMatchObject(position === 17 ? { code: 'head' } : { code: 'chain', position })
    }
    for (const table of ['rounds', 'runs', 'head']) {
      expect(await findingAfter((db) => db.exec(`DELETE FROM ${table} WHERE rowid = (SELECT max(rowid) FROM ${table})`))).not.toBe('NOT FOUND')
    }
  })

  it('finds doubled and swapped rows', async () => {
    for (const position of [1, 8, 17]) {
      const doubled = (to: number, id: string) => (db: DatabaseSync) =>
        db.exec(`INSERT INTO events SELECT ${to}, ${id}, chain, payload FROM events WHERE position = ${position}; UPDATE head SET events = 18`)
      expect(await findingAfter(doubled(18, "'another'"))).toMatchObject({ code: 'chain', position: 18 })
      expect(await findingAfter(doubled(18, 'upper(id)'))).toMatchObject({ position: 18 })
      expect(await findingAfter(doubled(-1, "'another'"))).toMatchObject({ code: 'position', position: 1 })
      expect(await findingAfter(doubled(99, "'another'"))).toMatchObject({ code: 'position', position: 18 })
    }
    for (const [a, b] of [
      [2, 3],
      [1, 17],
      [5, 16],
    ] as const) {
      const first = await findingAfter((db) => {
        db.exec(`UPDATE events SET position = -1 WHERE position = ${a}; UPDATE events SET position = ${a} WHERE position = ${b}`)
        db.exec(`UPDATE events SET position = ${b} WHERE position = -1`)
      })
      expect(first).toMatchObject({ code: 'chain', position: a })
    }
  })

  it('finds an edited seal, head or round table, and guards that are gone', async () => {
    const seal = "(SELECT sealed FROM rounds WHERE subject = 'round-a')"
    const edit = `UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), '"count":4', '"count":3') AS BLOB) WHERE position = ${seal}`
    expect(await findingAfter((db) => db.exec(edit))).toMatchObject({ code: 'chain', position: 9 })
    expect(await findingAfter((db) => db.exec("UPDATE rounds SET sealed = NULL WHERE subject = 'round-a'"))).toMatchObject({
      code: 'rounds',
      roundId: 'round-a',
    })
    expect(await findingAfter((db) => db.exec('UPDATE head SET bytes = bytes + 1'))).toMatchObject({ code: 'head' })
    tamper(() => undefined)
    const db = new DatabaseSync(path)
    db.exec('DROP TRIGGER events_update')
    db.close()
    expect(await verifyLedger(path)).toMatchObject({ ok: false, first: { code: 'schema', message: expect.stringContaining('events_update') } })
  })

  it('finds numbers, types and tables that no ledger has', async () => {
    for (const position of ['9223372036854775807', '-9223372036854775808', '9007199254740993']) {
      expect(await findingAfter((db) => db.exec(`UPDATE events SET position = ${position} WHERE position = 4`))).toMatchObject({ code: expect.any(String) })
    }
    expect(await findingAfter((db) => db.exec('UPDATE head SET events = 9223372036854775807'))).toMatchObject({ code: 'file' })
    expect(await findingAfter((db) => db.exec('ALTER TABLE runs RENAME TO walks'))).toMatchObject({ code: 'file' })
    expect(await findingAfter((db) => db.exec('CREATE INDEX events_extra ON events(chain)'))).toMatchObject({ code: 'schema' })
  })

  it('finds a seal that never fitted its round, as a foreign producer may have sent it', async () => {
    const foreign = join(folder, 'foreign.db')
    const ledger = openSqliteLedger({ path: foreign, mode: 'create' })
    const round = makeRound('round-a', 3)
    await ledger.append([...round.slice(0, 4), makeEvent('round-a', 30, 'round.sealed.v1', { root: '0'.repeat(64), count: 4 })])
    await ledger.append(makeRound('round-b', 3))
    await ledger.close()
    expect(await verifyLedger(foreign)).toMatchObject({ ok: false, events: 4, first: { code: 'round_root', position: 5, roundId: 'round-a' } })
    const damaged = new DatabaseSync(foreign)
    damaged.exec("DROP TRIGGER events_update; UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), 'urn:', 'urm:') AS BLOB) WHERE position = 8")
    damaged.close()
    // What any producer may send hides no damage behind it.
    expect(await verifyLedger(foreign)).toMatchObject({ ok: false, events: 7, first: { code: 'chain', position: 8 } })
  })

  it('gives a clean answer for every damaged page, cut file and broken header', { timeout: 60_000 }, async () => {
    const bytes = readFileSync(good)
    const pageSize = bytes.readUInt16BE(16)
    const proof = await verifyLedger(good)
    const answers = new Map<string, number>()
    for (let at = 0; at < bytes.length; at += pageSize / 8) {
      const damaged = Buffer.from(bytes)
      damaged.fill(0xa5, at, at + 64)
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
      writeFileSync(path, damaged)
      const result = await verifyLedger(path).catch((error: { code?: string }) => ({ ok: false as const, first: { code: String(error.code) } }))
      // Bytes that nothing uses may hold anything; then all that is used is proved as before.
      if (result.ok) expect(result).toEqual(proof)
      const answer = result.ok ? 'ok (unused bytes)' : result.first.code
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
    for (const size of [1, 99, 100, pageSize, bytes.length - pageSize]) {
      writeFileSync(path, bytes.subarray(0, size))
      expect((await verifyLedger(path)).ok, `cut to ${size}`).toBe(false)
    }
    console.info('damaged pages:', Object.fromEntries(answers))
    expect(statSync(good).size).toBe(bytes.length)
  })
})

/** The value with one bit flipped: for text and blobs the first, a middle and the last byte, for numbers some bits. */
function flippedValues(value: SQLInputValue, seed: number): SQLInputValue[] {
  if (value === null) return [1]
  if (typeof value === 'number') return [value ^ 64, value + 2 ** 20, -value - 1]
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array)
  return [0, Math.floor(bytes.length / 2), bytes.length - 1].map((at, i) => {
    const flipped = Buffer.from(bytes)
    // Text keeps to ASCII, so that it stays text.
    flipped[at] = (flipped[at] ?? 0) ^ (1 << ((seed + i) % (typeof value === 'string' ? 6 : 8)))
    return typeof value === 'string' ? flipped.toString('latin1') : flipped
  })
}
