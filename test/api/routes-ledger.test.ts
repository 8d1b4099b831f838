import { get, type IncomingMessage } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { ApiPorts } from '../../api/ports.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { importedLedger, listenApi, makeApi, ROUND, type TestApi } from '../support/api-harness.ts'
import { makeRound } from '../support/make-events.ts'

async function verification({ app }: TestApi): Promise<Record<string, unknown>> {
  const started = await app.inject({ method: 'POST', url: '/v1/ledger/verifications' })
  expect(started.statusCode).toBe(202)
  const read = async () => (await app.inject(String(started.headers.location))).json()
  await expect.poll(async () => (await read()).state, { timeout: 20_000 }).not.toBe('running')
  return read()
}

describe('a verification of the whole ledger', () => {
  it('runs beside the requests, one at a time, and says verified', async () => {
    const api = await makeApi()
    for (let n = 0; n < 10; n++) await api.ports.ledger.append(makeRound(`many-${n}`, 500))
    const both = await Promise.all([1, 2].map(() => api.app.inject({ method: 'POST', url: '/v1/ledger/verifications' })))
    expect(both[0]?.json().id).toBe(both[1]?.json().id)
    expect((await api.app.inject('/v1/me')).statusCode).toBe(200)
    expect(await verification(api)).toMatchObject({ state: 'verified', checked: 5073, total: 5073, problems: [], code: null })
  })

  it('names the first thing that is wrong, and no secret of the file', async () => {
    const ledger = await importedLedger()
    const db = new DatabaseSync(ledger)
    db.exec("DROP TRIGGER events_update; UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), 'urn:', 'urm:') AS BLOB) WHERE position = 7")
    db.close()
    const api = await makeApi({ ledger })
    const found = await verification(api)
    expect(found).toMatchObject({ state: 'damaged', checked: 6, problems: [{ position: 7 }] })
    // What was changed is seen at once by every question about its round, whatever was remembered.
    const rounds = await api.app.inject('/v1/rounds/unfinished')
    expect(rounds.statusCode).toBe(200)
  })

  it('is cut when the service closes', async () => {
    const api = await makeApi()
    await api.app.inject({ method: 'POST', url: '/v1/ledger/verifications' })
    const before = Date.now()
    await api.app.close()
    expect(Date.now() - before).toBeLessThan(5000)
  })
})

it('a round that is changed underneath is judged anew, though it was asked for before', async () => {
  const ledger = await importedLedger()
  const { app } = await makeApi({ ledger })
  const before = await app.inject(`/v1/rounds/${ROUND}/guards/declaration`)
  expect(before.json().status).toBe('ok')
  const db = new DatabaseSync(ledger)
  db.exec(`DROP TRIGGER events_update; UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), '"pass":', '"pass":1') AS BLOB)
    WHERE CAST(payload AS TEXT) LIKE '%"subject":"${ROUND}"%' AND CAST(payload AS TEXT) LIKE '%evidence.report.delegated.v1%'`)
  db.close()
  const after = await app.inject({ url: `/v1/rounds/${ROUND}/guards/declaration`, headers: { 'if-none-match': String(before.headers.etag) } })
  expect([after.statusCode, after.json()]).toEqual([200, expect.objectContaining({ status: 'blocked', round_integrity: 'mismatch', allowed: 0 })])
  expect((await app.inject(`/v1/rounds/${ROUND}`)).json()).toMatchObject({ integrity: 'mismatch' })
})

it('what another process appends is in the next answer', async () => {
  const path = await importedLedger()
  const { app } = await makeApi({ ledger: path })
  expect((await app.inject('/v1/rounds?estate=test')).json().rows).toEqual([])
  const other = openSqliteLedger({ path, mode: 'existing' })
  await other.append(makeRound('elsewhere', 2))
  await other.append(makeRound('still-open', 2).slice(0, 2))
  await other.close()
  const answers = await Promise.all(Array.from({ length: 10 }, () => app.inject('/v1/rounds?estate=test')))
  for (const answer of answers) expect(answer.json().rows).toMatchObject([{ artifact_id: 'elsewhere', integrity: 'verified' }])
  expect((await app.inject('/v1/rounds/unfinished')).json().rows).toMatchObject([{ artifact_id: 'still-open', integrity: 'unsealed' }])
  expect((await app.inject('/v1/history/counts')).json().rows).toContainEqual({ day: '2026-06-27', type: 'evidence.tcp.observed.v1', count: 3 })
})

describe('long answers', () => {
  const ROUNDS = 40
  const EVENTS = ROUNDS * 302
  /** Counts the pages that were asked for. */
  async function openLong() {
    let pages = 0
    const counted = (ports: ApiPorts): ApiPorts => ({
      ...ports,
      history: {
        ...ports.history,
        search: (...args) => {
          pages++
          return ports.history.search(...args)
        },
      },
    })
    const api = await listenApi({ rounds: [], change: counted })
    for (let n = 0; n < ROUNDS; n++) await api.ports.ledger.append(makeRound(`long-${n}`, 300))
    return { ...api, pages: () => pages }
  }
  const ask = (url: string, headers: Record<string, string>): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => void get(url, { headers, agent: false }, resolve).on('error', reject))

  it('come whole, a page at a time; a reader that goes or stands still stops the reading', { timeout: 60_000 }, async () => {
    const api = await openLong()
    const url = `${api.url}/v1/history/search?q=%22type%22`
    const whole = await ask(url, { accept: 'application/x-ndjson' })
    let lines = 0
    for await (const chunk of whole) lines += (chunk as Buffer).toString('utf8').split('\n').length - 1
    expect([lines, api.pages()]).toEqual([EVENTS, Math.ceil(EVENTS / 1000)])

    const still = await ask(url, { accept: 'application/x-ndjson' })
    still.once('readable', () => undefined)
    await sleep(300)
    const before = api.pages()
    await sleep(500)
    expect([api.pages() - before, before < 2 * Math.ceil(EVENTS / 1000)]).toEqual([0, true])
    still.destroy()
    await sleep(300)
    expect(api.pages()).toBe(before)
    expect((await api.app.inject('/health/live')).statusCode).toBe(200)
  })

  it('that cannot begin are a problem; that break off in the middle end the connection', async () => {
    const breaking = (ports: ApiPorts): ApiPorts => {
      let calls = 0
      const search: ApiPorts['history']['search'] = async (...args) => {
        if (++calls % 2 === 0) throw new Error('in the middle')
        const page = await ports.history.search(...args)
        return { ...page, next: 'more' }
      }
      return { ...ports, history: { ...ports.history, search } }
    }
    const { url, app } = await listenApi({ change: breaking })
    const response = await ask(`${url}/v1/history/search?q=stock`, { accept: 'application/x-ndjson' })
    expect(response.statusCode).toBe(200)
    await expect(response.toArray()).rejects.toThrow('aborted')
    const wrong = await app.inject({ url: '/v1/history/search?q=stock&cursor=x', headers: { accept: 'application/x-ndjson' } })
    expect(wrong.headers['content-type']).toContain('problem+json')
  })

  it('as NDJSON are compressed too, and a HEAD has the headers and no body', async () => {
    const { app } = await makeApi()
    const headers = { accept: 'application/x-ndjson', 'accept-encoding': 'gzip' }
    const packed = await app.inject({ url: '/v1/history/search?q=%22type%22', headers })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.rawPayload).toString('utf8').split('\n').length).toBe(54)
    const url = `/v1/rounds/${ROUND}/snapshot`
    const [whole, head] = [await app.inject(url), await app.inject({ method: 'HEAD', url })]
    expect([head.statusCode, head.body, head.headers.etag, head.headers['content-length']]).toEqual([
      200,
      '',
      whole.headers.etag,
      whole.headers['content-length'],
    ])
    expect((await app.inject({ method: 'HEAD', url: `/v1/rounds/${ROUND}/packets` })).statusCode).toBe(405)
  })

  it('are compressed where the client takes it, with the same tag', async () => {
    const { app } = await makeApi()
    const url = `/v1/rounds/${ROUND}/snapshot`
    const plain = await app.inject(url)
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync }
    for (const [encoding, read] of Object.entries(unpack)) {
      const packed = await app.inject({ url, headers: { 'accept-encoding': encoding } })
      expect([packed.headers['content-encoding'], read(packed.rawPayload).toString('utf8')]).toEqual([encoding, plain.body])
      expect(packed.headers.etag).toBe(plain.headers.etag)
      expect(String(packed.headers.vary).toLowerCase()).toMatch(/accept.*accept-encoding|accept-encoding.*accept/)
    }
  })
})
