import { v7 } from 'uuid'
import { expect, test } from 'vitest'
import type { Look } from '../../producers/probe.ts'
import { PROBES, type ProbeTable } from '../../producers/probes.ts'
import { runCheck } from '../../producers/run-check.ts'
import { ProbeFailure } from '../../producers/transport.ts'
import { createLocalTransport } from '../../producers/transports/local.ts'
import { Estate } from '../../schemas/estate.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { serveHttp } from '../support/http-server.ts'

type Settings = { check: Record<string, unknown>; defaults?: Record<string, unknown>; probes?: Partial<ProbeTable>; signal?: AbortSignal }

async function run({ check, defaults = {}, probes = PROBES, signal = new AbortController().signal }: Settings) {
  const estate = Estate.parse({
    estate: 'test',
    version: '1',
    policy: 'sop@1.78',
    defaults: { backoff_ms: 1, ...defaults },
    gates: [{ id: 'G' }],
    checks: [{ id: 'one', gate: 'G', ...check }],
  })
  const frame = { roundId: 'round-1', source: 'urn:test:probe', now: () => new Date(), newId: () => v7() }
  const only = estate.checks[0]
  if (only === undefined) throw new Error('no check')
  const result = await runCheck(only, { estate, baseDir: '/', alertTest: false, probes, transport: createLocalTransport(), frame, signal })
  return { outcome: result.outcome, event: read(result.event) }
}

function read(event: EncodedEvent) {
  return JSON.parse(Buffer.from(event.bytes).toString('utf8'))
}

const TCP = { kind: 'tcp', address: 'db.example', port: 5432, attempts: 3 }
const TCP_LOOK: Look<'tcp'> = { target: 'db.example:5432', asOf: null, met: true, facts: { address: 'db.example', port: 5432, connected: true } }

/** A tcp probe that does one thing after the other. */
function script(...steps: (() => Promise<Look<'tcp'>>)[]): Partial<ProbeTable> {
  let n = 0
  return { tcp: () => (steps[n++] ?? (() => Promise.reject(new Error('asked too often'))))() }
}
const fail =
  (reason: 'timeout' | 'refused'): (() => Promise<never>) =>
  async () => {
    throw new ProbeFailure(reason, 'connect', `it was ${reason}`)
  }

test('a met expectation is one event with one attempt', async () => {
  const { event, outcome } = await run({ check: TCP, probes: script(async () => TCP_LOOK) })
  expect(outcome).toBe('met')
  expect(event).toMatchObject({
    type: 'evidence.tcp.observed.v1',
    subject: 'round-1',
    checkid: 'one',
    data: { target: 'db.example:5432', host: null, as_of: null },
  })
  expect(event.data.attempts).toEqual([{ started_at: expect.any(String), ms: expect.any(Number), outcome: 'ok' }])
  expect(Number.isInteger(event.data.attempts[0].ms)).toBe(true)
})

test('every attempt is recorded, and the last one decides', async () => {
  const passed = await run({ check: TCP, probes: script(fail('timeout'), fail('refused'), async () => TCP_LOOK) })
  expect(passed.event.type).toBe('evidence.tcp.observed.v1')
  expect(passed.event.data.attempts.map((one: { outcome: string }) => one.outcome)).toEqual(['timeout', 'refused', 'ok'])
  const failed = await run({ check: TCP, probes: script(async () => ({ ...TCP_LOOK, met: false }), fail('timeout'), fail('refused')) })
  expect(failed.outcome).toBe('failed')
  expect(failed.event).toMatchObject({
    type: 'evidence.check.failed.v1',
    data: { reason: 'refused', stage: 'connect', detail: 'it was refused', target: 'db.example:5432' },
  })
  expect(failed.event.data.attempts.map((one: { outcome: string }) => one.outcome)).toEqual(['unmet', 'timeout', 'refused'])
})

test('an unmet expectation is tried again, as often as the estate says by default', async () => {
  let asked = 0
  const probes: Partial<ProbeTable> = { tcp: async () => ({ ...TCP_LOOK, met: ++asked < 0 }) }
  const { event, outcome } = await run({ check: { ...TCP, attempts: undefined }, defaults: { attempts: 2 }, probes })
  expect([outcome, asked, event.data.attempts.length]).toEqual(['unmet', 2, 2])
})

test('a probe that hangs ends as timeout', async () => {
  const { event } = await run({ check: { ...TCP, attempts: 1, timeout_ms: 100 }, probes: { tcp: () => new Promise(() => {}) } })
  expect(event).toMatchObject({ type: 'evidence.check.failed.v1', data: { reason: 'timeout', stage: 'probe', detail: 'no end within 100 ms' } })
  expect(event.data.attempts[0].outcome).toBe('timeout')
})

test('a probe is told to stop, and its stage is kept', async () => {
  const tcp: ProbeTable['tcp'] = (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new ProbeFailure('timeout', 'auth', 'cancelled'))))
  const { event } = await run({ check: { ...TCP, attempts: 1, timeout_ms: 100 }, probes: { tcp } })
  expect(event.data).toMatchObject({ reason: 'timeout', stage: 'auth', detail: 'no end within 100 ms' })
})

test.each<[string, ProbeTable['tcp']]>([
  ['throws something else', async () => Promise.reject(new TypeError('secret of the machine'))],
  [
    'throws before it starts',
    () => {
      throw new RangeError('secret of the machine')
    },
  ],
  ['throws nothing', async () => Promise.reject(undefined)],
])('a probe that %s is an internal failure without details', async (_, tcp) => {
  const { event } = await run({ check: { ...TCP, attempts: 1 }, probes: { tcp } })
  expect(event.data).toMatchObject({ reason: 'internal', stage: 'probe', detail: 'the probe ended with an unexpected error' })
  expect(JSON.stringify(event)).not.toContain('secret')
})

test('facts that do not fit their schema are no facts', async () => {
  const odd = { ...TCP_LOOK, facts: { ...TCP_LOOK.facts, port: 0 } }
  expect((await run({ check: { ...TCP, attempts: 1 }, probes: script(async () => odd) })).event).toMatchObject({
    type: 'evidence.check.failed.v1',
    data: { reason: 'internal', stage: 'encode', detail: 'facts do not fit their schema' },
  })
  const undefinedFact = { ...TCP_LOOK, target: 'a\nb' }
  expect((await run({ check: { ...TCP, attempts: 1 }, probes: script(async () => undefinedFact) })).event.data.detail).toBe('facts do not fit their schema')
})

test('facts that are too large are no facts', async () => {
  const sample = { name: 'n', labels: { l: 'x'.repeat(500) }, value: 1 }
  const huge = { target: '/m', asOf: null, met: true, facts: { source: '/m', modified_at: null, series: 500, samples: Array(500).fill(sample) } }
  const probes: Partial<ProbeTable> = { textfile: async () => huge }
  const { event, outcome } = await run({ check: { kind: 'textfile', path: '/m', metrics: [{ name: 'n' }] }, probes })
  expect(outcome).toBe('failed')
  expect(event.data).toMatchObject({ reason: 'internal', stage: 'encode', detail: 'facts are too large' })
})

test('details are one scrubbed line', async () => {
  const tcp = async (): Promise<never> => {
    throw new ProbeFailure('auth', 'auth', `line one\nline two password=hunter2${'x'.repeat(1000)}`)
  }
  const { event } = await run({ check: { ...TCP, attempts: 1 }, probes: { tcp } })
  expect(event.data.detail).toBe('line one line two password=[redacted]')
})

test('a kind without a probe is a failure, not silence', async () => {
  const { event } = await run({ check: TCP, probes: {} })
  expect(event.data).toMatchObject({ reason: 'internal', detail: 'no probe for kind tcp' })
})

test('a delegated report is an event of its own', async () => {
  const report = {
    tool: 'cold-start.sh',
    report: 'cold_start' as const,
    as_of: null,
    exit_code: 0,
    pass: 3,
    warn: 0,
    blocked: 0,
    result: 'GREEN' as const,
    blockers: [],
    warnings: [],
    keys: {},
  }
  const probes: Partial<ProbeTable> = { delegated: async () => ({ target: '/r', met: true, report }) }
  const { event } = await run({ check: { kind: 'delegated', report: 'cold_start', path: '/r' }, probes })
  expect(event).toMatchObject({ type: 'evidence.report.delegated.v1', data: { ...report, host: null } })
  expect(event.data.attempts).toHaveLength(1)
})

test('http: every try says what it saw, and an answer is not undone by silence', async () => {
  const statuses = [503, 200]
  const server = await serveHttp((_, response) => response.writeHead(statuses.shift() ?? 500).end('x'))
  const check = { kind: 'http', url: `http://127.0.0.1:${server.port}/`, attempts: 3, body: { contains: 'x' } }
  const retried = await run({ check })
  expect(retried.outcome).toBe('met')
  expect(retried.event.data.attempts).toMatchObject([
    { outcome: 'unmet', status: 503, body_ok: true },
    { outcome: 'ok', status: 200, body_ok: true },
  ])
  const answersOnce = await serveHttp((_, response) => {
    response.writeHead(503).end()
    void answersOnce.close()
  })
  const silenced = await run({ check: { kind: 'http', url: `http://127.0.0.1:${answersOnce.port}/`, attempts: 2 } })
  expect(silenced.event).toMatchObject({ type: 'evidence.http.observed.v1', data: { facts: { status: 503 } } })
  expect(silenced.event.data.attempts).toMatchObject([
    { outcome: 'unmet', status: 503, body_ok: null },
    { outcome: 'refused', status: null, body_ok: null },
  ])
  const never = await run({ check: { kind: 'http', url: `http://127.0.0.1:${answersOnce.port}/`, attempts: 2 } })
  expect(never.event).toMatchObject({ type: 'evidence.check.failed.v1', data: { reason: 'refused' } })
  expect(Object.keys(never.event.data.attempts[0]).sort()).toEqual(['ms', 'outcome', 'started_at'])
})

test('the end of the round ends a look, a pause and nothing else', async () => {
  const during = new AbortController()
  const hanging: ProbeTable['tcp'] = () => {
    during.abort(new Error('stop'))
    return new Promise(() => {})
  }
  await expect(run({ check: TCP, probes: { tcp: hanging }, signal: during.signal })).rejects.toThrow('stop')
  const pausing = new AbortController()
  const failing: ProbeTable['tcp'] = async () => {
    setTimeout(() => pausing.abort(), 5)
    throw new ProbeFailure('refused', 'connect', 'no')
  }
  await expect(run({ check: TCP, defaults: { backoff_ms: 60_000 }, probes: { tcp: failing }, signal: pausing.signal })).rejects.toMatchObject({
    name: 'AbortError',
  })
})
