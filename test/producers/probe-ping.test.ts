import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { probePing } from '../../producers/probes/ping.ts'
import { pingUnmet } from '../../schemas/expectations/ping.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { says } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
const GOOD: FactsOf<'ping'> = { address: '192.0.2.10', sent: 4, received: 4, average_ms: 0.3 }
const unmet = (change: Partial<FactsOf<'ping'>>, settings: object = {}) =>
  pingUnmet(makeCheck('ping', { address: '192.0.2.10', count: 4, ...settings }), { ...GOOD, ...change }, AT)

describe('ping expectation', () => {
  it('is met by every answer, or as many as allowed', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ received: 3 }, { max_loss_percent: 25 })).toEqual([])
  })

  it('is not met by no answer, lost answers and unsent pings', () => {
    expect(unmet({ received: 0, average_ms: null })).toEqual(['no answer to 4 pings'])
    expect(unmet({ received: 0 }, { max_loss_percent: 100 })).toEqual(['no answer to 4 pings'])
    expect(unmet({ received: 3 })).toEqual(['25% of pings lost > 0%'])
    expect(unmet({ sent: 1, received: 1 })).toEqual(['not observed: 1 pings of 4'])
  })
})

const look = (address: string, timeoutMs = 3000) => probePing(makeCheck('ping', { host: 'h1', address }), makeContext({ timeoutMs }))

const hasPing = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'ping')))
if (!hasPing) console.log('REAL PING ABSENT: no iputils-ping on this machine')

describe.skipIf(!hasPing)('the real ping', () => {
  it('gets its answers from the loopback', async () => {
    const { facts, met, target } = await look('127.0.0.1')
    expect(FACTS.ping.parse(facts)).toEqual(facts)
    expect([facts.sent, facts.received, met, target]).toEqual([2, 2, true, '127.0.0.1'])
    expect(facts.average_ms).toBeGreaterThan(0)
  })

  it('gets none from an address that nobody has', async () => {
    // TEST-NET-2 (RFC 5737): routed nowhere. Some networks say so at once, which is a failed look.
    const result = await look('198.51.100.77').catch((error: Error) => error)
    if (result instanceof Error) expect(String(result)).toMatch(/unreachable/u)
    else expect(result).toMatchObject({ met: false, facts: { received: 0, average_ms: null } })
  })

  it('fails on a name that does not exist', async () => {
    expect(await failureOf(look('no-such-host.invalid', 10_000))).toMatch(/^dns dns: ping: exit code 2: /u)
  })
})

describe('ping probe with a stand-in for ping', () => {
  const path = process.env.PATH
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-ping-'))
  })
  afterEach(() => {
    process.env.PATH = path
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const put = (body: string) => {
    writeFileSync(join(dir, 'ping'), `#!/bin/sh\n${body}`)
    chmodSync(join(dir, 'ping'), 0o755)
    process.env.PATH = `${dir}${delimiter}${path}`
  }
  const SUMMARY = '--- h ping statistics ---\n2 packets transmitted, 1 received, 50% packet loss, time 1001ms\nrtt min/avg/max/mdev = 0.1/0.25/0.4/0.1 ms'

  it('reads a partial answer, and the summary of busybox', async () => {
    put(says(SUMMARY))
    expect(await look('h')).toMatchObject({ met: false, facts: { sent: 2, received: 1, average_ms: 0.25 } })
    put(says('2 packets transmitted, 2 packets received, 0% packet loss\nround-trip min/avg/max = 0.1/0.2/0.3 ms'))
    expect(await look('h')).toMatchObject({ met: true, facts: { received: 2, average_ms: 0.2 } })
  })

  it.each([
    ['nothing', says(''), /^parse parse: ping printed no summary$/u],
    ['a cut summary', says(SUMMARY.slice(0, 50)), /^parse parse: ping printed no summary$/u],
    ['an answer and exit code 1', says(SUMMARY, 1), /^parse parse: ping contradicts its exit code$/u],
    ['no answer and exit code 0', says(SUMMARY.replace('1 received', '0 received')), /^parse parse: ping contradicts its exit code$/u],
    ['another exit code', says(SUMMARY, 3), /^exit_status exec: /u],
    ['no network', says('', 2, 'ping: connect: Network is unreachable'), /^unreachable connect: /u],
    ['no name', says('', 1, "ping: bad address 'h'"), /^dns dns: /u],
    ['no permission', says('', 2, 'ping: socket: Operation not permitted'), /^permission exec: /u],
  ])('fails on %s', async (_what, body, failure) => {
    put(body)
    expect(await failureOf(look('h'))).toMatch(failure)
  })

  it('fails where ping hangs, or is not there', async () => {
    put('exec sleep 30\n')
    expect(await failureOf(look('h', 600))).toMatch(/^timeout exec: /u)
    process.env.PATH = '/nonexistent'
    expect(await failureOf(look('h'))).toBe('exit_status exec: command not found: ping')
  })
})
