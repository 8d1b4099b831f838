import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { makeOpened, makeRound, makeTcpObserved } from '../support/make-events.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { collect, idsOf } from './ledger-suite.ts'

const disk = mountSmallDisk(2048)
const missing = typeof disk === 'string' ? disk : null
if (missing !== null) console.warn(`SUITE ABSENT: full and read-only disk: ${missing}`)

describe.skipIf(missing !== null)(`sqlite: the disk${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  if (typeof disk === 'string') return
  afterAll(() => disk.unmount())

  it.each([1, 50, 400])('full in batches of %i: says so, keeps what was acknowledged, goes on when there is space', async (size) => {
    const path = join(disk.folder, `full-${size}.db`)
    const ballast = join(disk.folder, 'ballast')
    writeFileSync(ballast, Buffer.alloc(512 * 1024))
    const ledger = openSqliteLedger({ path, mode: 'create' })
    const batches = [[makeOpened('round-a', 0, ['check-1'])]]
    const acknowledged: string[] = []
    let refusal: unknown = null
    for (let n = 1; refusal === null; n += size) {
      const batch = batches.at(-1) ?? []
      await ledger.append(batch).then(
        () => acknowledged.push(...idsOf(batch)),
        (error: unknown) => {
          refusal = error
        },
      )
      if (refusal === null) batches.push(Array.from({ length: size }, (_, i) => makeTcpObserved('round-a', n + i, 'check-1')))
    }
    expect(refusal).toMatchObject({ code: 'ledger_full', remedy: expect.stringContaining('free space') })
    expect(acknowledged.length).toBeGreaterThan(100)
    expect(idsOf(await collect(ledger.readAll(0)))).toEqual(acknowledged)
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: acknowledged.length })

    rmSync(ballast)
    const refused = batches.at(-1) ?? []
    expect(await ledger.append(refused)).toMatchObject({ appended: refused.length, duplicates: 0 })
    await ledger.close()
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: acknowledged.length + refused.length })
    for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true })
  })

  it('full at creation: says so, and the same path works when there is space', async () => {
    const [path, ballast] = [join(disk.folder, 'new.db'), join(disk.folder, 'ballast')]
    try {
      writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024))
    } catch {
      // Written until the disk was full, which is what is wanted.
    }
    expect(() => openSqliteLedger({ path, mode: 'create' })).toThrow(expect.objectContaining({ code: 'ledger_full' }))
    rmSync(ballast)
    const ledger = openSqliteLedger({ path, mode: 'create' })
    await ledger.append(makeRound('round-a', 2))
    await ledger.close()
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 4 })
  })

  it('read-only: a ledger lying there can be read and verified, and not written', async () => {
    disk.makeReadOnly()
    const path = join(disk.folder, 'new.db')
    expect(await verifyLedger(path)).toMatchObject({ ok: true, events: 4 })
    const ledger = openSqliteLedger({ path, mode: 'readonly' })
    expect((await collect(ledger.readRound('round-a'))).length).toBe(4)
    await ledger.close()
    expect(() => openSqliteLedger({ path, mode: 'existing' })).toThrow(expect.objectContaining({ code: 'ledger_unavailable' }))
  })
})
