import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { v7 } from 'uuid'
import { onTestFinished } from 'vitest'
import type { Ledger } from '../../ledger/ledger.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import type { ProbeTable } from '../../producers/probes.ts'
import type { RoundInput, RoundProgress } from '../../producers/round-input.ts'
import { runRound } from '../../producers/run-round.ts'
import { ProbeFailure } from '../../producers/transport.ts'
import { createLocalTransport } from '../../producers/transports/local.ts'
import { Estate } from '../../schemas/estate.ts'
import type { EncodedEvent, EvidenceEvent } from '../../schemas/event.ts'

/** A ledger of its own in a new file. */
export function newLedger(): Ledger {
  const ledger = openSqliteLedger({ path: path.join(mkdtempSync(path.join(tmpdir(), 'round-')), 'evidence.db'), mode: 'create' })
  onTestFinished(() => ledger.close())
  return ledger
}

/** The same ledger with another way to append. */
export function withAppend(inner: Ledger, append: Ledger['append']): Ledger {
  return {
    append,
    readRound: (roundId) => inner.readRound(roundId),
    readReviews: () => inner.readReviews(),
    readAll: (after) => inner.readAll(after),
    follow: (after, signal) => inner.follow(after, signal),
    roundIds: () => inner.roundIds(),
    stats: () => inner.stats(),
    close: () => inner.close(),
  }
}

/** An estate of TCP checks: `{A: [], B: ['A']}` are gates and what they depend on, `checks` ids by gate. */
export function tcpEstate(gates: Record<string, string[]>, checks: Record<string, string[]>, rest: Record<string, unknown> = {}): Estate {
  return Estate.parse({
    estate: 'test',
    version: '1',
    policy: 'sop@1.78',
    gates: Object.entries(gates).map(([id, depends_on]) => ({ id, depends_on })),
    checks: Object.entries(checks).flatMap(([gate, ids]) => ids.map((id) => ({ id, gate, kind: 'tcp', address: `${id}.example`, port: 80 }))),
    ...rest,
  })
}

/** Sees every address but those that hold `down`. */
export const tcpProbe: ProbeTable['tcp'] = async (check) => {
  if (check.address.includes('down')) throw new ProbeFailure('refused', 'connect', 'ECONNREFUSED')
  return { target: check.address, asOf: null, met: true, facts: { address: check.address, port: check.port, connected: true } }
}

export type TestRound = { input: RoundInput; progress: RoundProgress[]; run: () => ReturnType<typeof runRound> }

/** A round with harmless defaults; a gate is blocked where one of its own checks failed. */
export function testRound(estate: Estate, overrides: Partial<RoundInput> = {}): TestRound {
  const progress: RoundProgress[] = []
  const input: RoundInput = {
    roundId: 'test-round-1',
    estate,
    baseDir: '/',
    policy: { id: 'sop', version: '1.78' },
    options: { skipped_parts: [], only_gates: null, watch_attempt: null, alert_test: false },
    operator: 'test',
    tool: { name: 'evidence', version: '0.1.0' },
    reviews: [],
    source: 'urn:evidence-ledger:test',
    ledger: overrides.ledger ?? newLedger(),
    probes: { tcp: tcpProbe },
    openTransport: () => createLocalTransport(),
    judgeGate: (gateId, events) => {
      const own = new Set(estate.checks.filter((check) => check.gate === gateId).map((check) => check.id))
      return events.some((event) => event.type === 'evidence.check.failed.v1' && own.has(event.checkId ?? ''))
    },
    now: () => new Date(),
    newId: () => v7(),
    onProgress: (one) => progress.push(one),
    signal: new AbortController().signal,
    ...overrides,
  }
  return { input, progress, run: () => runRound(input) }
}

export function decode({ bytes }: Pick<EncodedEvent, 'bytes'>): EvidenceEvent {
  return JSON.parse(Buffer.from(bytes).toString('utf8'))
}

/** All events the ledger holds of a round, in its order. */
export async function eventsIn(ledger: Ledger, roundId = 'test-round-1'): Promise<EvidenceEvent[]> {
  const events: EvidenceEvent[] = []
  for await (const page of ledger.readRound(roundId)) events.push(...page.map(({ text }) => JSON.parse(text) as EvidenceEvent))
  return events
}
