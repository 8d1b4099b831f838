import { expect, test } from 'vitest'
import { roundRoot } from '../../ledger/round-root.ts'
import { ProbeFailure, type Transport } from '../../producers/transport.ts'
import { createLocalTransport } from '../../producers/transports/local.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { Estate } from '../../schemas/estate.ts'
import { type EncodedEvent, type EvidenceEvent, encodeEvent } from '../../schemas/event.ts'
import { eventsIn, newLedger, tcpEstate, tcpProbe, testRound, withAppend } from '../support/run-test-round.ts'

const CHAIN = { A: [], B: ['A'], C: ['B'] }

function byCheck(events: readonly EvidenceEvent[]): Map<string, EvidenceEvent[]> {
  return Map.groupBy(
    events.filter((event) => event.checkid !== undefined),
    (event) => event.checkid ?? '',
  )
}

test('a round is its opening, one event a check, and a seal over exactly these', async () => {
  const estate = tcpEstate(CHAIN, { A: ['a1', 'a2'], B: ['b1'], C: ['c1'] })
  const round = testRound(estate)
  const result = await round.run()
  const events = await eventsIn(round.input.ledger)
  expect(events[0]).toMatchObject({
    type: 'round.opened.v1',
    data: {
      estate: { id: 'test', version: '1', digest: canonicalDigest(estate), document: estate },
      expected: ['a1', 'a2', 'b1', 'c1'].map((id) => ({ id, gate: id[0]?.toUpperCase(), kind: 'tcp', severity: 'blocked', warning_class: 'SERVICE' })),
      recorded: null,
      boots: [],
    },
  })
  expect([...byCheck(events)].map(([id, own]) => [id, own.map((event) => event.type)]).sort()).toEqual(
    ['a1', 'a2', 'b1', 'c1'].map((id) => [id, ['evidence.tcp.observed.v1']]),
  )
  const seal = events.at(-1)
  const { root, count } = roundRoot(events.map((event) => encodeEvent(event)))
  expect(seal).toMatchObject({ type: 'round.sealed.v1', data: { count: 5, root } })
  expect(result).toEqual({ roundId: 'test-round-1', sealed: true, count, root, counts: { met: 4, unmet: 0, failed: 0, not_evaluated: 0 } })
  expect(round.progress[0]).toEqual({ type: 'opened', expected: 4 })
  expect(round.progress.at(-1)).toEqual({ type: 'sealed', count, root })
})

test('boots of this machine are known when the round opens', async () => {
  const estate = tcpEstate({ A: [] }, { A: ['a'] }, { hosts: [{ id: 'me' }, { id: 'far', transport: 'ssh', address: 'x', ssh: { user: 'u' } }] })
  const round = testRound(estate)
  await round.run()
  const [opened] = await eventsIn(round.input.ledger)
  expect(opened?.data).toMatchObject({ boots: [{ host: 'me', boot_id: expect.stringMatching(/^[0-9a-f-]{36}$/), boot_time: expect.stringMatching(/Z$/) }] })
})

test('a blocked gate stops all gates behind it, and only these', async () => {
  const gates = { A: [], B: ['A'], C: ['B'], D: [], E: ['C', 'D'] }
  const checks = { A: ['a-down'], B: ['b'], C: ['c'], D: ['d'], E: ['e'] }
  const judged: string[] = []
  const base = testRound(tcpEstate(gates, checks))
  const round = testRound(base.input.estate, {
    judgeGate: (gate, events) => {
      judged.push(gate)
      return base.input.judgeGate(gate, events)
    },
  })
  const result = await round.run()
  const events = byCheck(await eventsIn(round.input.ledger))
  expect(events.get('a-down')?.[0]?.type).toBe('evidence.check.failed.v1')
  expect(events.get('d')?.[0]?.type).toBe('evidence.tcp.observed.v1')
  for (const id of ['b', 'c', 'e'])
    expect(events.get(id)?.[0]).toMatchObject({ type: 'evidence.check.not_evaluated.v1', data: { cause: 'gate_blocked', gate: 'A' } })
  expect(judged.sort()).toEqual(['A', 'D'])
  expect(result.counts).toEqual({ met: 1, unmet: 0, failed: 1, not_evaluated: 3 })
})

test('of several blocked gates the first in the estate is the cause', async () => {
  const round = testRound(tcpEstate({ A: [], B: [], C: ['B', 'A'] }, { A: ['a-down'], B: ['b-down'], C: ['c'] }))
  await round.run()
  expect(byCheck(await eventsIn(round.input.ledger)).get('c')?.[0]?.data).toEqual({ cause: 'gate_blocked', gate: 'A' })
})

test('judging a gate sees the opening, the gates before it and its own, and nothing else', async () => {
  const seen: Record<string, (string | null)[]> = {}
  const round = testRound(tcpEstate({ ...CHAIN, X: [] }, { A: ['a'], B: ['b'], C: ['c'], X: ['x'] }), {
    judgeGate: (gate, events) => {
      seen[gate] = events.map((event: EncodedEvent) => event.checkId)
      return false
    },
  })
  await round.run()
  expect(seen).toEqual({ A: [null, 'a'], B: [null, 'a', 'b'], C: [null, 'a', 'b', 'c'], X: [null, 'x'] })
})

test('gates that do not depend on each other run at once, dependent ones one after the other', async () => {
  const order: string[] = []
  const waiting = new Map<string, () => void>()
  const { promise: bothStarted, resolve } = Promise.withResolvers<void>()
  const round = testRound(tcpEstate({ A: [], B: [], C: ['A'] }, { A: ['a'], B: ['b'], C: ['c'] }), {
    probes: {
      tcp: async (check, context) => {
        order.push(check.id)
        waiting.set(check.id, resolve)
        // a and b wait for each other: only a round that runs both gates at once gets past here.
        if (waiting.has('a') && waiting.has('b')) resolve()
        if (check.id !== 'c') await bothStarted
        return tcpProbe(check, context)
      },
    },
  })
  await round.run()
  expect(order.slice(0, 2).sort()).toEqual(['a', 'b'])
  expect(order[2]).toBe('c')
})

test('what the operator leaves out is recorded as left out', async () => {
  const estate = Estate.parse({
    ...tcpEstate(CHAIN, { A: ['a'], B: ['b'], C: ['c'] }),
    checks: [
      { id: 'a', gate: 'A', kind: 'tcp', address: 'a', port: 1 },
      { id: 'p', gate: 'A', part: 'product_data', kind: 'tcp', address: 'p', port: 1 },
      { id: 'b', gate: 'B', kind: 'tcp', address: 'b-down', port: 1 },
      { id: 'c', gate: 'C', kind: 'tcp', address: 'c', port: 1 },
      { id: 'q', gate: 'C', part: 'product_data', kind: 'tcp', address: 'q', port: 1 },
    ],
  })
  const skipped = { cause: 'skipped_by_operator', gate: null }
  const options = { skipped_parts: ['product_data'], only_gates: null, watch_attempt: 2, alert_test: true }
  const parts = testRound(estate, { options })
  await parts.run()
  const events = await eventsIn(parts.input.ledger)
  expect(events[0]?.data).toMatchObject({ options })
  expect(byCheck(events).get('p')?.[0]?.data).toEqual(skipped)
  expect(byCheck(events).get('q')?.[0]?.data).toEqual(skipped)
  expect(byCheck(events).get('c')?.[0]?.data).toEqual({ cause: 'gate_blocked', gate: 'B' })

  const only = testRound(estate, { options: { skipped_parts: [], only_gates: ['C'], watch_attempt: null, alert_test: false } })
  const result = await only.run()
  expect(result.counts).toEqual({ met: 2, unmet: 0, failed: 0, not_evaluated: 3 })
  expect(byCheck(await eventsIn(only.input.ledger)).get('b')?.[0]?.data).toEqual(skipped)
})

test('a misspelt part or gate is a usage error and opens nothing', async () => {
  const estate = tcpEstate({ 'P0-NETWORK': [] }, { 'P0-NETWORK': ['a'] })
  const none = { skipped_parts: [], only_gates: null, watch_attempt: null, alert_test: false }
  const part = testRound(estate, { options: { ...none, skipped_parts: ['cold_strat'] } })
  await expect(part.run()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('did you mean `cold_start`?') })
  expect(await eventsIn(part.input.ledger)).toEqual([])
  const gate = testRound(estate, { options: { ...none, only_gates: ['P0-NETWROK'] } })
  await expect(gate.run()).rejects.toMatchObject({ code: 'usage', message: '--only: this estate has no gate `P0-NETWROK`; did you mean `P0-NETWORK`?' })
})

test('a round id is used once', async () => {
  const ledger = newLedger()
  const estate = tcpEstate({ A: [] }, { A: ['a'] })
  await testRound(estate, { ledger }).run()
  await expect(testRound(estate, { ledger }).run()).rejects.toMatchObject({ code: 'round_exists' })
  expect(await eventsIn(ledger)).toHaveLength(3)
})

test('an estate that is too large to travel with its round is refused before anything is recorded', async () => {
  const explained = Array.from({ length: 100 }, (_, n) => `${n}${'x'.repeat(190)}`)
  const checks = Array.from({ length: 20 }, (_, n) => ({ id: `c${n}`, gate: 'A', kind: 'host', explained_failed_units: explained }))
  const round = testRound(Estate.parse({ ...tcpEstate({ A: [] }, { A: ['a'] }), checks }))
  await expect(round.run()).rejects.toMatchObject({ code: 'estate_invalid', message: expect.stringContaining('too large') })
  expect(await eventsIn(round.input.ledger)).toEqual([])
})

test('limits per host and overall hold', async () => {
  const checks = Array.from({ length: 30 }, (_, n) => ({ id: `c${n}`, gate: 'A', kind: 'tcp', address: 'x', port: 1, host: n % 2 ? 'h1' : 'h2' }))
  const estate = Estate.parse({ ...tcpEstate({ A: [] }, { A: ['a'] }), hosts: [{ id: 'h1' }, { id: 'h2' }], limits: { per_host: 3, overall: 5 }, checks })
  const running = { h1: 0, h2: 0, all: 0 }
  const most = { h1: 0, h2: 0, all: 0 }
  const round = testRound(estate, {
    probes: {
      tcp: async (check, context) => {
        for (const key of [check.host === 'h1' ? 'h1' : 'h2', 'all'] as const) most[key] = Math.max(most[key], ++running[key])
        await new Promise((resolve) => setTimeout(resolve, 2))
        for (const key of [check.host === 'h1' ? 'h1' : 'h2', 'all'] as const) running[key]--
        return tcpProbe(check, context)
      },
    },
  })
  expect((await round.run()).counts.met).toBe(30)
  expect(most).toEqual({ h1: 3, h2: 3, all: 5 })
})

test('events that end together share appends', async () => {
  const inner = newLedger()
  let appends = 0
  const ledger = withAppend(inner, (events) => {
    appends++
    return inner.append(events)
  })
  const estate = tcpEstate({ A: [] }, { A: Array.from({ length: 200 }, (_, n) => `c${n}`) }, { limits: { overall: 64 } })
  expect((await testRound(estate, { ledger }).run()).count).toBe(201)
  expect(appends).toBeLessThan(40)
})

test('one transport a host, made when needed, all closed at the end', async () => {
  const log: string[] = []
  const openTransport = (host: { id: string } | null): Transport => {
    log.push(`open ${host?.id ?? 'here'}`)
    return { ...createLocalTransport(), close: async () => void log.push(`close ${host?.id ?? 'here'}`) }
  }
  const check = (id: string, host?: string) => ({ id, gate: 'A', kind: 'tcp', address: id, port: 1, ...(host === undefined ? {} : { host }) })
  const estate = Estate.parse({
    ...tcpEstate({ A: [] }, { A: ['a'] }),
    hosts: [{ id: 'h1' }, { id: 'h2' }],
    checks: [check('a', 'h1'), check('b', 'h1'), check('c'), check('d')],
  })
  await testRound(estate, { openTransport }).run()
  expect(log.sort()).toEqual(['close h1', 'close here', 'open h1', 'open here'])
  log.length = 0
  const failing = testRound(estate, {
    openTransport,
    judgeGate: () => {
      throw new EvidenceError('internal', 'no verdict')
    },
  })
  await expect(failing.run()).rejects.toThrow('no verdict')
  expect(log.sort()).toEqual(['close h1', 'close here', 'open h1', 'open here'])
  expect((await eventsIn(failing.input.ledger)).some((event) => event.type === 'round.sealed.v1')).toBe(false)
})

test('Ctrl-C stops the probes and leaves the round unsealed', async () => {
  const controller = new AbortController()
  const ended: string[] = []
  const round = testRound(tcpEstate({ A: [], B: ['A'] }, { A: ['quick', 'slow', 'hanging'], B: ['later'] }), {
    signal: controller.signal,
    probes: {
      tcp: async (check, context) => {
        if (check.id === 'quick') return tcpProbe(check, context)
        if (check.id === 'hanging') return new Promise(() => {})
        setTimeout(() => controller.abort(), 20)
        await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
        ended.push(check.id)
        throw new ProbeFailure('timeout', 'connect', 'cancelled')
      },
    },
  })
  await expect(round.run()).rejects.toMatchObject({
    code: 'interrupted',
    message: 'round test-round-1 was interrupted and is unsealed: what it recorded stays, and allows nothing',
  })
  expect(ended).toEqual(['slow'])
  expect((await eventsIn(round.input.ledger)).map((event) => event.checkid ?? event.type)).toEqual(['round.opened.v1', 'quick'])
  const early = testRound(round.input.estate, { signal: AbortSignal.abort() })
  await expect(early.run()).rejects.toMatchObject({ code: 'interrupted', message: expect.stringContaining('before it was opened') })
  expect(await eventsIn(early.input.ledger)).toEqual([])
})

test('Ctrl-C at the very end still leaves no seal', async () => {
  const controller = new AbortController()
  const round = testRound(tcpEstate({ A: [] }, { A: ['a'] }), {
    signal: controller.signal,
    judgeGate: () => {
      controller.abort()
      return false
    },
  })
  await expect(round.run()).rejects.toMatchObject({ code: 'interrupted' })
  expect((await eventsIn(round.input.ledger)).map((event) => event.type)).toEqual(['round.opened.v1', 'evidence.tcp.observed.v1'])
})
