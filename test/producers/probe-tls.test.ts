import { afterAll, beforeAll, expect, test } from 'vitest'
import { probeTls } from '../../producers/probes/tls.ts'
import { createTestCa, type Identity, type TestCa } from '../support/certificates.ts'
import { freePort, serveHttps, serveTcp } from '../support/http-server.ts'
import { failureOf, makeCheck, makeContext } from '../support/probe-context.ts'

let ca: TestCa
beforeAll(() => {
  ca = createTestCa()
})
afterAll(() => ca.remove())

async function look(identity: Identity, settings: Record<string, unknown> = {}, now = new Date()) {
  const server = await serveHttps(identity, (_, response) => response.end())
  const check = makeCheck('tls', { address: '127.0.0.1', port: server.port, ca_file: 'ca.pem', ...settings })
  return probeTls(check, makeContext({ baseDir: ca.dir, now: () => now }))
}

test('a good certificate is reported with its dates, issuer and fingerprint', async () => {
  const seen = await look(ca.issue('127.0.0.1', '20200101000000Z', '20991231000000Z'))
  expect(seen.met).toBe(true)
  expect(seen.facts).toMatchObject({
    chain_ok: true,
    chain_error: null,
    name_ok: true,
    not_before: '2020-01-01T00:00:00.000Z',
    not_after: '2099-12-31T00:00:00.000Z',
    issuer: 'CN=Test CA',
    server_name: '127.0.0.1',
    fingerprint_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

test('a wrong name says nothing about the chain, and a wrong chain nothing about the name', async () => {
  const wrongName = await look(ca.issue('other.example', '20200101000000Z', '20991231000000Z'))
  expect(wrongName.facts).toMatchObject({ chain_ok: true, chain_error: null, name_ok: false })
  expect(wrongName.met).toBe(false)
  const selfSigned = await look(ca.selfSigned())
  expect(selfSigned.facts).toMatchObject({ chain_ok: false, chain_error: 'DEPTH_ZERO_SELF_SIGNED_CERT', name_ok: true })
  expect(selfSigned.met).toBe(false)
})

test('server_name is asked for and judged', async () => {
  const identity = ca.issue('web.example', '20200101000000Z', '20991231000000Z')
  expect((await look(identity, { server_name: 'web.example' })).met).toBe(true)
  expect((await look(identity, { server_name: 'api.example' })).facts.name_ok).toBe(false)
})

test('without its CA a certificate is not trusted', async () => {
  const seen = await look(ca.issue('127.0.0.1', '20200101000000Z', '20991231000000Z'), { ca_file: undefined })
  expect(seen.facts).toMatchObject({ chain_ok: false, chain_error: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
})

test('an expired certificate is a fact, and days left are counted at the time of looking', async () => {
  const expired = await look(ca.issue('127.0.0.1', '20200101000000Z', '20210101000000Z'))
  expect(expired.facts).toMatchObject({ chain_ok: false, chain_error: 'CERT_HAS_EXPIRED', not_after: '2021-01-01T00:00:00.000Z' })
  expect(expired.met).toBe(false)
  const identity = ca.issue('127.0.0.1', '20200101000000Z', '20991231000000Z')
  expect((await look(identity, {}, new Date('2099-12-17T00:00:00.000Z'))).met).toBe(true)
  expect((await look(identity, {}, new Date('2099-12-17T00:00:00.001Z'))).met).toBe(false)
})

test('what is no TLS server is a failure', async () => {
  const ask = (port: number) => failureOf(probeTls(makeCheck('tls', { address: '127.0.0.1', port }), makeContext({ timeoutMs: 300 })))
  expect(await ask(await freePort())).toBe('refused connect ECONNREFUSED')
  expect(await ask((await serveTcp()).port)).toBe('timeout handshake no end within 300 ms')
  expect(await ask((await serveTcp((socket) => socket.end('SSH-2.0-OpenSSH\r\n'))).port)).toMatch(/^tls tls (EPROTO|ERR_SSL_\w+)$/)
  expect(await ask((await serveTcp((socket) => socket.destroy())).port)).toBe('unreachable handshake ECONNRESET')
})
