import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportEvents } from '../../ledger/export-ledger.ts'
import { importEvents } from '../../ledger/import-events.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { makeGuardEvaluated, makeOpened, makeRound, makeTcpObserved } from '../support/make-events.ts'
import { collect, idsOf } from './ledger-suite.ts'

const text = (event: EncodedEvent | undefined): string => Buffer.from(event?.bytes ?? []).toString('utf8')

describe('export and import', () => {
  let folder: string
  let ledger: Ledger
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-io-'))
    file = join(folder, 'events.ndjson')
    ledger = openSqliteLedger({ path: join(folder, 'ledger.db'), mode: 'create' })
  })
  afterEach(async () => {
    await ledger.close()
    rmSync(folder, { recursive: true })
  })

  const exported = async (roundId: string | null): Promise<Buffer> => {
    const chunks: Buffer[] = []
    for await (const chunk of exportEvents(ledger, roundId)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }

  it('goes round: export, import elsewhere, the same bytes, the same head', async () => {
    const looks = Array.from({ length: 2300 }, (_, i) => makeTcpObserved('round-b', i + 1, 'check-1'))
    await ledger.append([...makeRound('round-a', 5), makeOpened('round-b', 0, ['check-1']), ...looks, makeGuardEvaluated('round-a', 30)])
    writeFileSync(file, await exported(null))
    const elsewhere = openSqliteLedger({ path: join(folder, 'elsewhere.db'), mode: 'create' })
    expect(await importEvents(elsewhere, file)).toEqual({ events: 2309, appended: 2309, duplicates: 0 })
    expect(await importEvents(elsewhere, file)).toEqual({ events: 2309, appended: 0, duplicates: 2309 })
    await elsewhere.close()
    const proofs = [await verifyLedger(join(folder, 'ledger.db')), await verifyLedger(join(folder, 'elsewhere.db'))]
    expect(proofs[0]).toMatchObject({ ok: true, events: 2309, sealed: 1, unsealed: ['round-b'] })
    expect(proofs[1]).toEqual(proofs[0])
  })

  it('exports one round with its decisions, and says where there is none', async () => {
    const round = makeRound('round-a', 2)
    await ledger.append([...round, ...makeRound('round-b', 2), makeGuardEvaluated('round-a', 9)])
    const lines = (await exported('round-a')).toString('utf8').split('\n')
    expect(lines).toEqual([...round.map(text), text(makeGuardEvaluated('round-a', 9)), ''])
    await expect(exported('round-z')).rejects.toMatchObject({ code: 'round_unknown' })
  })

  it('takes other spellings of the same events: white space, key order, escapes, no last newline, empty lines', async () => {
    const round = makeRound('round-a', 3)
    const spelled = round.map((event) =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text(event)) as object).reverse()), null, 1).replaceAll('\n', '  '),
    )
    writeFileSync(file, `\n${spelled.join('\r\n\n').replaceAll('round-a', 'round\\u002da')}`)
    expect(await importEvents(ledger, file)).toEqual({ events: 5, appended: 5, duplicates: 0 })
    expect(await ledger.append(round)).toMatchObject({ duplicates: 5 })
  })

  it('goes on where an import stopped', async () => {
    const round = makeRound('round-a', 40)
    await ledger.append(round.slice(0, 17))
    writeFileSync(file, round.map(text).join('\n'))
    expect(await importEvents(ledger, file)).toEqual({ events: 42, appended: 25, duplicates: 17 })
    expect(idsOf(await collect(ledger.readAll(0)))).toEqual(idsOf(round))
  })

  const good = makeRound('round-a', 2).map(text)
  const bad: [string, string | Buffer, RegExp][] = [
    ['a key twice', (good[1] ?? '').replace('{', '{"source":"urn:x:y",'), /^line 3: duplicate_key/],
    ['an unknown field', (good[1] ?? '').replace('{', '{"secret":"hunter2",'), /^line 3: event is invalid/],
    ['a lone surrogate', (good[1] ?? '').replace('no answer', 'x').replace('db.example:5432', 'db\\ud800'), /^line 3: lone_surrogate/],
    ['half a line', (good[1] ?? '').slice(0, 40), /^line 3: not_json/],
    ['a byte order mark', `\uFEFF${good[1] ?? ''}`, /^line 3: not_json/],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), /^line 3: not UTF-8/],
    ['a number beyond 2^53', (good[1] ?? '').replace('"ms":3', '"ms":9007199254740993'), /^line 3: /],
    ['a round where escrow markers are kept', text(makeOpened('escrow-markers', 0, ['check-1'])), /^line 3: escrow-markers is kept by the program/],
    ['a line without end', 'x'.repeat(2_000_000), /^line 3: longer than/],
  ]
  it.each(bad)('refuses a file with %s: names the line, tells no value, appends nothing', async (_, line, message) => {
    writeFileSync(file, Buffer.concat([Buffer.from(`${good[0]}\n\n`), Buffer.from(line), Buffer.from(`\n${good[2]}\n`)]))
    const refusal = (await importEvents(ledger, file).catch((error: unknown) => error)) as Error
    expect(refusal).toMatchObject({ code: 'import_invalid', message: expect.stringMatching(message) })
    expect(refusal.message).not.toContain('hunter2')
    expect((await ledger.stats()).events).toBe(0)
  })

  it('says when the file cannot be read', async () => {
    await expect(importEvents(ledger, join(folder, 'none'))).rejects.toMatchObject({ code: 'file_unreadable' })
  })
})
