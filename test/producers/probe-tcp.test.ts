import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { reasonOfCode } from '../../producers/probes/network-failure.ts'
import { isSelfConnected, probeTcp } from '../../producers/probes/tcp.ts'
import { freePort, serveTcp } from '../support/http-server.ts'
import { failureOf, makeCheck, makeContext } from '../support/probe-context.ts'
import { silentPort } from '../support/silent-port.ts'

test('a listening port is seen, and not a byte is sent', async () => {
  const server = await serveTcp()
  const look = await probeTcp(makeCheck('tcp', { address: '127.0.0.1', port: server.port }), makeContext())
  expect(look).toEqual({
    target: `127.0.0.1:${server.port}`,
    asOf: null,
    met: true,
    facts: { address: '127.0.0.1', port: server.port, connected: true },
  })
  expect(server.connections()).toBe(1)
  expect(server.bytesReceived()).toBe(0)
})

test('a closed port is refused, an unknown name is dns', async () => {
  const port = await freePort()
  expect(await failureOf(probeTcp(makeCheck('tcp', { address: '127.0.0.1', port }), makeContext()))).toBe('refused connect ECONNREFUSED')
  expect(await failureOf(probeTcp(makeCheck('tcp', { address: 'no-such-host.invalid', port }), makeContext()))).toMatch(/^dns dns (ENOTFOUND|EAI_AGAIN)$/)
})

test('no answer ends as timeout, and so does an abort', async () => {
  const silent = makeCheck('tcp', { address: '127.0.0.1', port: await silentPort() })
  expect(await failureOf(probeTcp(silent, makeContext({ timeoutMs: 150 })))).toBe('timeout connect no end within 150 ms')
  const context = makeContext({ signal: AbortSignal.abort() })
  const server = await serveTcp()
  expect(await failureOf(probeTcp(makeCheck('tcp', { address: '127.0.0.1', port: server.port }), context))).toBe('timeout connect cancelled')
})

test('a socket that met itself is not a listener', async () => {
  const port = await freePort()
  const socket = connect({ host: '127.0.0.1', port, localPort: port, localAddress: '127.0.0.1' })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.on('connect', resolve).on('error', reject)
  await promise
  expect(isSelfConnected(socket)).toBe(true)
  socket.destroy()
})

test.each([
  ['ECONNREFUSED', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ECONNRESET', 'unreachable'],
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['EACCES', 'permission'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['HPE_INVALID_CONSTANT', 'parse'],
  ['ESOMETHINGNEW', 'internal'],
])('error code %s is reason %s', (code, reason) => {
  expect(reasonOfCode(code)).toBe(reason)
})
