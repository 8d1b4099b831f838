import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrate, openLedgerFile } from '../../ledger/ledger-file.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { makeRound } from '../support/make-events.ts'
import { collect, idsOf, ledgerSuite } from './ledger-suite.ts'

ledgerSuite('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
  return {
    open: async () => openSqliteLedger({ path: join(folder, 'ledger.db'), mode: 'create' }),
    dispose: async () => rmSync(folder, { recursive: true }),
  }
})

describe('sqlite: the file', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-'))
    path = join(folder, 'ledger.db')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const appendRound = async (roundId: string, checks = 3): Promise<void> => {
    const ledger = openSqliteLedger({ path, mode: 'create' })
    await ledger.append(makeRound(roundId, checks))
    await ledger.close()
  }

  it.each([
    "UPDATE events SET payload = x'00'",
    'UPDATE events SET position = position + 100',
    'DELETE FROM events',
    'DELETE FROM events WHERE position = (SELECT max(position) FROM events)',
    "INSERT OR REPLACE INTO events SELECT position, id, chain, x'00' FROM events WHERE position = 2",
    "INSERT OR REPLACE INTO events SELECT 100, id, chain, x'00' FROM events WHERE position = 2",
    "REPLACE INTO events(position, id, chain, payload) VALUES (1, 'a', x'00', x'00')",
    "INSERT INTO events(position, id, chain, payload) VALUES (100, 'a', x'00', x'00')",
  ])('refuses from any other program and from its own connection: %s', async (sql) => {
    await appendRound('round-a')
    for (const db of [new DatabaseSync(path), openLedgerFile({ path, mode: 'existing' })]) {
      expect(() => db.exec(sql)).toThrow(/never changed|never deleted|only_the_evidence_program/)
      db.close()
    }
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 5 })
  })

  it('refuses REPLACE even where the guard function is defined', async () => {
    await appendRound('round-a')
    const db = openLedgerFile({ path, mode: 'existing' })
    db.function('only_the_evidence_program_appends', () => 1)
    expect(() => db.exec("INSERT OR REPLACE INTO events SELECT 100, id, chain, x'00' FROM events WHERE position = 2")).toThrow('never deleted')
    expect(() => db.exec("INSERT OR REPLACE INTO events SELECT position, 'a', chain, x'00' FROM events WHERE position = 2")).toThrow('never deleted')
    db.close()
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 5 })
  })

  it('makes a new file for its owner only, and the files beside it', async () => {
    const ledger = openSqliteLedger({ path, mode: 'create' })
    await ledger.append(makeRound('round-a', 1))
    for (const name of [path, `${path}-wal`, `${path}-shm`]) expect((statSync(name).mode & 0o777).toString(8), name).toBe('600')
    await ledger.close()
  })

  it('says what is missing, foreign, broken or not ours to read', async () => {
    const open =
      (mode: 'create' | 'existing' | 'readonly', at = path) =>
      () =>
        openSqliteLedger({ path: at, mode })
    for (const mode of ['existing', 'readonly'] as const) expect(open(mode)).toThrow(expect.objectContaining({ code: 'ledger_missing' }))
    writeFileSync(path, '')
    expect(open('existing')).toThrow(expect.objectContaining({ code: 'ledger_missing', remedy: expect.stringContaining('EVIDENCE_LEDGER') }))
    writeFileSync(path, 'this is a text of more than a hundred bytes and no database at all. '.repeat(20))
    for (const mode of ['create', 'existing', 'readonly'] as const) expect(open(mode)).toThrow(expect.objectContaining({ code: 'ledger_corrupt' }))
    const foreign = join(folder, 'foreign.db')
    new DatabaseSync(foreign).exec('CREATE TABLE theirs(a)')
    for (const mode of ['create', 'existing', 'readonly'] as const) expect(open(mode, foreign)).toThrow(expect.objectContaining({ code: 'ledger_corrupt' }))
    expect(open('create', join(folder, 'none', 'ledger.db'))).toThrow(expect.objectContaining({ code: 'ledger_unavailable' }))
    expect(open('create', folder)).toThrow(expect.objectContaining({ code: 'ledger_unavailable' }))
  })

  it('refuses to open a newer file and leaves it alone', async () => {
    await appendRound('round-a')
    const db = new DatabaseSync(path)
    db.exec("UPDATE schema_version SET version = 99 WHERE component = 'ledger'")
    db.close()
    for (const mode of ['create', 'existing', 'readonly'] as const) {
      expect(() => openSqliteLedger({ path, mode })).toThrow(expect.objectContaining({ code: 'ledger_newer' }))
    }
    await expect(verifyLedger(path)).rejects.toMatchObject({ code: 'ledger_newer' })
  })

  it('migrates a component forward, each step once, and the ledger stays what it was', async () => {
    await appendRound('round-a')
    const steps = ['CREATE TABLE snapshots(id TEXT PRIMARY KEY)', 'ALTER TABLE snapshots ADD COLUMN body TEXT']
    for (const known of [1, 1, 2, 2]) {
      const db = openLedgerFile({ path, mode: 'existing' })
      migrate(db, 'snapshots', steps.slice(0, known))
      expect(db.prepare('PRAGMA table_info(snapshots)').all().length).toBe(known)
      db.close()
    }
    const db = openLedgerFile({ path, mode: 'existing' })
    expect(() => migrate(db, 'snapshots', steps.slice(0, 1))).toThrow(expect.objectContaining({ code: 'ledger_newer' }))
    expect(() => migrate(db, 'broken', ['CREATE TABLE half(a); CREATE TABLE half(a)'])).toThrow()
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'half'").get()).toEqual({ n: 0 })
    db.close()
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 5 })
  })

  it('reads without writing, and refuses to append then', async () => {
    await appendRound('round-a')
    const ledger = openSqliteLedger({ path, mode: 'readonly' })
    expect((await collect(ledger.readAll(0))).length).toBe(5)
    await expect(ledger.append(makeRound('round-b', 1))).rejects.toMatchObject({ code: 'ledger_unavailable' })
    await ledger.close()
  })

  it('appends nothing to a ledger that lost its end', async () => {
    await appendRound('round-a')
    const db = new DatabaseSync(path)
    db.exec('DROP TRIGGER events_delete; DELETE FROM events WHERE position = 5')
    db.close()
    const ledger = openSqliteLedger({ path, mode: 'existing' })
    await expect(ledger.append(makeRound('round-b', 1))).rejects.toMatchObject({ code: 'ledger_corrupt' })
    await ledger.close()
  })

  it('waits for another writer, says so, and gives up after its time', { timeout: 20_000 }, async () => {
    let waits = 0
    const ledger = openSqliteLedger({ path, mode: 'create', onWait: () => waits++ })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    setTimeout(() => other.exec('COMMIT'), 150)
    const start = performance.now()
    expect(await ledger.append(makeRound('round-a', 1))).toMatchObject({ appended: 3 })
    expect([waits, performance.now() - start > 100]).toEqual([1, true])
    other.exec('BEGIN IMMEDIATE')
    await expect(ledger.append(makeRound('round-b', 1))).rejects.toMatchObject({ code: 'ledger_unavailable' })
    other.exec('COMMIT')
    other.close()
    expect(await ledger.append(makeRound('round-b', 1))).toMatchObject({ appended: 3 })
    await ledger.close()
  })

  it('several processes make the file and append at once: nothing lost, nothing doubled, no gap', { timeout: 60_000 }, async () => {
    const child = join(import.meta.dirname, 'append-child.ts')
    const run = promisify(execFile)
    const rounds = ['round-a', 'round-b', 'round-c', 'round-d']
    const outputs = await Promise.all(rounds.map((round) => run(process.execPath, [child, path, round, '5', '40'])))
    const acknowledged = outputs.flatMap(({ stdout }) => stdout.split(/\s+/).filter((id) => id !== ''))
    const ledger = openSqliteLedger({ path, mode: 'existing' })
    const held = await collect(ledger.readAll(0))
    expect(held.map((event) => event.position)).toEqual(Array.from({ length: 4 * 201 }, (_, i) => i + 1))
    expect(new Set(idsOf(held)).size).toBe(held.length)
    const ids = new Set(idsOf(held))
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([])
    expect((await ledger.roundIds()).toSorted()).toEqual(rounds)
    for (const round of rounds) expect((await collect(ledger.readRound(round))).length).toBe(201)
    await ledger.close()
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 804, rounds: 4 })
  })
})
