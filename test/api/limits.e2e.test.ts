import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { listenApi } from '../support/api-harness.ts'
import { probeRoutes } from '../support/probe-routes.ts'
import { makeTokens } from '../support/test-access.ts'

vi.setConfig({ testTimeout: 120_000 })
const listen = (config: Record<string, unknown> = {}) => listenApi({ rounds: [], groups: [probeRoutes], config })

/** What a connection answers after these pieces, each sent `pauseMs` after the one before, until it is closed. */
function talk(port: number, pieces: readonly string[], pauseMs = 0): Promise<{ text: string; ms: number }> {
  const start = performance.now()
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return
        socket.write(piece)
        await sleep(pauseMs)
      }
    })
    socket.on('data', (data) => {
      text += data
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve({ text, ms: performance.now() - start }))
  })
}

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])
const problemOf = (text: string): { code: string; status: number } => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
const HEAD = 'POST /probe/echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

describe('a client that is slow', () => {
  it('with its body is answered 408 and cut off', async () => {
    const { port } = await listen({ request_timeout_s: 1, headers_timeout_s: 1 })
    const drip = Array.from({ length: 60 }, () => ' ')
    const { text, ms } = await talk(port, [`${HEAD}Content-Length: 1000\r\n\r\n{`, ...drip], 200)
    expect([statusOf(text), problemOf(text).code]).toEqual([408, 'request_timeout'])
    expect(ms).toBeLessThan(8000)
  })

  it('with its headers as well', async () => {
    const { port } = await listen({ request_timeout_s: 5, headers_timeout_s: 1 })
    const { text, ms } = await talk(port, ['GET /probe/public HTTP/1.1\r\n', ...Array.from({ length: 60 }, (_, n) => `X-${n}: 1\r\n`)], 200)
    expect([statusOf(text), problemOf(text).code]).toEqual([408, 'request_timeout'])
    expect(ms).toBeLessThan(8000)
  })

  it('and says nothing is cut off, while one that was in time is answered', async () => {
    const { port, url } = await listen({ idle_timeout_s: 1, headers_timeout_s: 1, request_timeout_s: 1 })
    const { ms } = await talk(port, [])
    expect(ms).toBeLessThan(8000)
    expect((await fetch(`${url}/probe/slow`)).status).toBe(200)
  })
})

describe('what is not a request', () => {
  it.each([
    ['not HTTP at all', 'hello\r\n\r\n', 400, 'request_invalid'],
    ['headers without end', `GET /probe/public HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['two lengths', `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400, 'request_invalid'],
    ['a length and chunks', `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, 'request_invalid'],
  ])('%s', async (_name, request, status, code) => {
    const { port } = await listen()
    const { text } = await talk(port, [request])
    expect([statusOf(text), problemOf(text).code, problemOf(text).status]).toEqual([status, code, status])
    expect(text).toMatch(/\r\nConnection: close\r\n/)
  })

  it('a request for no host is refused', async () => {
    const { port } = await listen()
    expect(statusOf((await talk(port, ['GET /probe/public HTTP/1.1\r\nConnection: close\r\n\r\n'])).text)).toBe(400)
    expect(statusOf((await talk(port, ['GET /probe/public HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'])).text)).toBe(421)
    expect(statusOf((await talk(port, ['GET /probe/public HTTP/1.0\r\nConnection: close\r\n\r\n'])).text)).toBe(421)
  })
})

it('a body larger than the limit is refused before it is there, also in chunks', async () => {
  const { port } = await listen({ max_body_bytes: 1024 })
  const told = await talk(port, [`${HEAD}Content-Length: 1000000000\r\nConnection: close\r\n\r\n`])
  expect([statusOf(told.text), problemOf(told.text).code]).toEqual([413, 'payload_too_large'])
  const chunk = `400\r\n${' '.repeat(1024)}\r\n`
  const chunked = await talk(port, [`${HEAD}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`, chunk, chunk, '0\r\n\r\n'], 20)
  expect(statusOf(chunked.text)).toBe(413)
})

it('more connections than the limit are not taken', async () => {
  const { port, url } = await listen({ max_connections: 3 })
  const open = await Promise.all(
    Array.from({ length: 3 }, () => {
      const socket = connect(port, '127.0.0.1')
      return new Promise<typeof socket>((resolve) => socket.on('connect', () => resolve(socket)))
    }),
  )
  await sleep(200)
  const refused = await talk(port, ['GET /probe/public HTTP/1.1\r\nHost: localhost\r\n\r\n'])
  expect(refused.text).toBe('')
  for (const socket of open) socket.destroy()
  await sleep(200)
  expect((await fetch(`${url}/probe/public`)).status).toBe(200)
})

it('live readers are limited, counted, and let go when the service stops', async () => {
  const { app, url, ports } = await listen({ max_live_readers: 2 })
  const readers = await Promise.all([fetch(`${url}/probe/live`), fetch(`${url}/probe/live`)])
  expect(readers.map((one) => one.status)).toEqual([200, 200])
  expect(await ports.metrics.text()).toContain('\nevidence_api_live_readers 2\n')
  const third = await fetch(`${url}/probe/live`)
  expect([third.status, ((await third.json()) as { code: string }).code]).toEqual([503, 'too_many_readers'])
  await readers[0]?.body?.cancel()
  await vi.waitFor(async () => expect(await ports.metrics.text()).toContain('\nevidence_api_live_readers 1\n'))
  const rest = readers[1]?.text()
  const slow = fetch(`${url}/probe/slow`).then((answer) => answer.json())
  await sleep(200)
  const start = performance.now()
  await app.close()
  expect([await rest, await slow]).toEqual([': hello\n\n', { done: true }])
  expect(performance.now() - start).toBeLessThan(10_000)
  expect(await ports.metrics.text()).toContain('\nevidence_api_live_readers 0\n')
})

it('a live reader whose token is revoked or expires is let go within seconds; others stay', async () => {
  const tokens = makeTokens()
  const { url } = await listen({ access_file: tokens.path })
  const revoked = tokens.make(['auditor'], { subject: 'revoked' })
  const ending = tokens.make(['auditor'], { subject: 'ending', expires_at: new Date(Date.now() + 2000).toISOString() })
  const staying = tokens.make(['auditor'], { subject: 'staying' })
  const [first, second, third] = await Promise.all([revoked, ending, staying].map(({ bearer }) => fetch(`${url}/probe/live`, { headers: bearer })))
  let isThirdOver = false
  const over = third?.text().then(() => {
    isThirdOver = true
  })
  tokens.file.revoke(revoked.id, new Date())
  expect([await first?.text(), await second?.text(), isThirdOver]).toEqual([': hello\n\n', ': hello\n\n', false])
  expect((await fetch(`${url}/probe/live`, { headers: revoked.bearer })).status).toBe(401)
  void over
})
