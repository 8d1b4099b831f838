import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { probeHttp } from '../../producers/probes/http.ts'
import { createTestCa, type TestCa } from '../support/certificates.ts'
import { freePort, serveHttp, serveHttps, serveTcp } from '../support/http-server.ts'
import { failureOf, makeCheck, makeContext } from '../support/probe-context.ts'

let ca: TestCa
beforeAll(() => {
  ca = createTestCa()
})
afterAll(() => ca.remove())

async function look(listener: RequestListener, settings: Record<string, unknown> = {}) {
  const server = await serveHttp(listener)
  return probeHttp(makeCheck('http', { url: `http://127.0.0.1:${server.port}/x`, ...settings }), makeContext())
}

test('an answer is reported with status, size and digest', async () => {
  const seen = await look((_, response) => response.end('hello'))
  expect(seen.met).toBe(true)
  expect(seen.attempt).toEqual({ status: 200, body_ok: null })
  expect(seen.facts).toMatchObject({ status: 200, bytes: 5, body_sha256: hash('sha256', 'hello', 'hex'), redirect_host: null })
})

test.each([
  [503, '2xx', false],
  [401, ['2xx', '401'], true],
  [204, '2xx', true],
  [301, '2xx', false],
])('status %i against %j: met %s', async (status, expected, met) => {
  const seen = await look((_, response) => response.writeHead(status).end(), { expect: expected })
  expect(seen.met).toBe(met)
  expect(seen.facts.status).toBe(status)
})

test('a redirect is reported, never followed', async () => {
  const other = await serveHttp((_, response) => response.end('fine'))
  const seen = await look((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${other.port}/` }).end())
  expect(seen.facts).toMatchObject({ status: 302, redirect_host: `127.0.0.1:${other.port}` })
  expect(seen.met).toBe(false)
  expect(other.connections()).toBe(0)
})

test.each([
  ['contains', { contains: 'ok' }, '{"status":"ok"}', true],
  ['contains, absent', { contains: 'ready' }, '{"status":"ok"}', false],
  ['pointer', { pointer: '/status', equals: 'ok' }, '{"status":"ok"}', true],
  ['pointer into a list', { pointer: '/a/1/~1', equals: 2 }, '{"a":[1,{"/":2}]}', true],
  ['pointer, other value', { pointer: '/status', equals: 'ok' }, '{"status":"down"}', false],
  ['pointer, other type', { pointer: '/n', equals: '1' }, '{"n":1}', false],
  ['pointer to nothing', { pointer: '/none', equals: null }, '{}', false],
  ['inherited name', { pointer: '/constructor/name', equals: 'Object' }, '{}', false],
  ['two values for one key', { pointer: '/status', equals: 'ok' }, '{"status":"down","status":"ok"}', false],
  ['not JSON', { pointer: '/status', equals: 'ok' }, 'status: ok', false],
])('body assertion: %s', async (_, body, text, holds) => {
  const seen = await look((_, response) => response.end(text), { body })
  expect(seen.attempt.body_ok).toBe(holds)
  expect(seen.met).toBe(holds)
})

test.each([
  ['the first page of nginx', '<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>', false],
  ['that of Apache', '<head><title>Apache2 Ubuntu Default Page: It works</title>', false],
  ['an older one of Apache', '<html><body><h1>It works!</h1></body></html>', false],
  ['that of IIS', '<title>IIS Windows Server</title>', false],
  ['an error with a 200', '<html><head><TITLE>\n502 Bad Gateway </TITLE>', false],
  ['an error without its number', '<title>Service Temporarily Unavailable</title>', false],
  ['maintenance', '<title>Shop - down for maintenance</title>', false],
  ['a page', '<title>Shop</title><h1>It works well</h1>', null],
  ['a page about errors', '<title>How we met 502 Bad Gateway</title>', null],
  ['a page about nginx', '<title>Shop</title>Welcome to nginx!', null],
  ['no page', 'ok', null],
  ['nothing', '', null],
])('a site that is not there: %s', async (_, text, bodyOk) => {
  expect(await look((_, response) => response.end(text))).toMatchObject({ met: bodyOk !== false, attempt: { status: 200, body_ok: bodyOk } })
  // An assertion says what is wanted.
  expect(await look((_, response) => response.end(`${text} ok`), { body: { contains: 'ok' } })).toMatchObject({ met: true, attempt: { body_ok: true } })
})

test.each([
  ['to itself', '/x', false],
  ['to itself, with a fragment', 'x#top', false],
  ['elsewhere', '/login', null],
  ['to another query', '/x?again', null],
  ['to no URL', 'http://[', null],
])('a redirect %s', async (_, location, bodyOk) => {
  const seen = await look((_, response) => response.writeHead(302, { location }).end(), { expect: ['302'] })
  expect(seen).toMatchObject({ met: bodyOk !== false, attempt: { status: 302, body_ok: bodyOk } })
})

test('an error page with the right words is not met', async () => {
  const seen = await look((_, response) => response.writeHead(500).end('ok'), { body: { contains: 'ok' } })
  expect(seen.attempt).toEqual({ status: 500, body_ok: true })
  expect(seen.met).toBe(false)
})

test('HEAD has no body', async () => {
  const seen = await look((_, response) => response.writeHead(200, { 'content-length': 1000 }).end(), { method: 'HEAD' })
  expect(seen.facts).toMatchObject({ status: 200, bytes: null, body_sha256: null })
})

test('of an endless body only the first MiB is read', async () => {
  const chunk = Buffer.alloc(65_536, 'x')
  const endless: RequestListener = (_, response) => {
    response.write('needle')
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  }
  const seen = await look(endless, { body: { contains: 'needle' } })
  expect(seen.facts).toMatchObject({ bytes: null, body_sha256: null })
  expect(seen.attempt.body_ok).toBe(true)
  expect((await look(endless, { body: { contains: 'other' } })).attempt.body_ok).toBe(false)
})

test('no whole answer is a failure with its reason', async () => {
  const url = (port: number): string => `http://127.0.0.1:${port}/`
  const ask = (port: number) => failureOf(probeHttp(makeCheck('http', { url: url(port) }), makeContext({ timeoutMs: 300 })))
  expect(await ask(await freePort())).toBe('refused connect ECONNREFUSED')
  expect(await ask((await serveTcp()).port)).toBe('timeout connect no end within 300 ms')
  expect(await ask((await serveTcp((socket) => socket.end('hello\r\n'))).port)).toMatch(/^parse connect HPE_/)
  expect(await ask((await serveTcp((socket) => socket.once('data', () => socket.destroy()))).port)).toBe('unreachable connect ECONNRESET')
  const cut = await serveTcp((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')))
  expect(await ask(cut.port)).toBe('unreachable read ECONNRESET')
  const slow = await serveTcp((socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')))
  expect(await ask(slow.port)).toBe('timeout read no end within 300 ms')
  const odd = await serveTcp((socket) => socket.once('data', () => socket.end('HTTP/1.1 700 Odd\r\ncontent-length: 0\r\n\r\n')))
  expect(await ask(odd.port)).toBe('parse response status outside 100-599')
  expect(await failureOf(probeHttp(makeCheck('http', { url: 'http://no-such-host.invalid/' }), makeContext()))).toMatch(/^dns dns /)
})

test('certificates are verified, also where the environment says not to', async () => {
  const good = ca.issue('127.0.0.1', '20200101000000Z', '20991231000000Z')
  const wrongName = ca.issue('other.example', '20200101000000Z', '20991231000000Z')
  const expired = ca.issue('127.0.0.1', '20200101000000Z', '20210101000000Z')
  const ask = async (identity: { key: string; cert: string }, settings = {}) => {
    const server = await serveHttps(identity, (_, response) => response.end('ok'))
    return probeHttp(makeCheck('http', { url: `https://127.0.0.1:${server.port}/`, ...settings }), makeContext({ baseDir: ca.dir }))
  }
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  try {
    expect((await ask(good, { ca_file: 'ca.pem' })).met).toBe(true)
    expect(await failureOf(ask(good))).toBe('tls tls UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(await failureOf(ask(wrongName, { ca_file: 'ca.pem' }))).toBe('tls tls ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await failureOf(ask(expired, { ca_file: 'ca.pem' }))).toBe('tls tls CERT_HAS_EXPIRED')
    expect(await failureOf(ask(ca.selfSigned(), { ca_file: 'ca.pem' }))).toBe('tls tls DEPTH_ZERO_SELF_SIGNED_CERT')
  } finally {
    vi.unstubAllEnvs()
  }
})

test('a CA file that is absent or holds no certificate trusts nobody', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'ca-'))
  await writeFile(path.join(dir, 'empty.pem'), '')
  await writeFile(path.join(dir, 'text.pem'), 'hello')
  const ask = (ca_file: string) => failureOf(probeHttp(makeCheck('http', { url: 'https://127.0.0.1:1/', ca_file }), makeContext({ baseDir: dir })))
  expect(await ask('empty.pem')).toBe('tls ca_file ca_file holds no certificate')
  expect(await ask('text.pem')).toBe('tls ca_file ca_file holds no certificate')
  expect(await ask('none.pem')).toBe('internal ca_file cannot read ca_file: ENOENT')
})

test('a proxy of the environment is not used', async () => {
  const server = await serveHttp((_, response) => response.end('direct'))
  const code = `
    import { probeHttp } from './producers/probes/http.ts'
    import { makeCheck, makeContext } from './test/support/probe-context.ts'
    const seen = await probeHttp(makeCheck('http', { url: 'http://127.0.0.1:${server.port}/' }), makeContext())
    console.log(seen.facts.status)`
  const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://127.0.0.1:1', http_proxy: 'http://127.0.0.1:1', NO_PROXY: '', no_proxy: '' }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module-typescript', '-e', code], { env })
  expect(stdout.trim()).toBe('200')
})
