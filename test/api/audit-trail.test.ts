import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type AuditTrail, MAX_KINDS, type Refusal, startAuditTrail } from '../../api/access/audit-trail.ts'
import type { Principal } from '../../api/access/principal.ts'
import { NOBODY } from '../../api/access/principal.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { importedLedger, makeApi, ROUND } from '../support/api-harness.ts'
import { makeEventId } from '../support/make-events.ts'
import { probeRoutes } from '../support/probe-routes.ts'
import { eventsIn, newLedger, withAppend } from '../support/run-test-round.ts'
import { makeTokens } from '../support/test-access.ts'

const ALICE: Principal = { subject: 'alice', roles: ['auditor'], sourcePrefixes: [], via: 'token' }
const REFUSAL: Refusal = { status: 403, reason: 'role_missing', method: 'GET', route: '/v1/x', principal: ALICE, address: '192.0.2.1' }

function startTrail(ledger: Ledger) {
  let n = 0
  const failures: unknown[] = []
  const written: string[] = []
  const trail: AuditTrail = startAuditTrail({
    ledger,
    source: 'urn:evidence-ledger:host:test',
    now: () => new Date(Date.UTC(2026, 10, 21, 0, 0, n)),
    newId: () => makeEventId('audit', n++),
    onEvent: (type) => written.push(type),
    onFailure: (error) => failures.push(error),
  })
  return { trail, failures, written }
}
const counts = async (ledger: Ledger) => (await eventsIn(ledger, 'access-audit')).map((event) => (event.data as { count: number }).count)

describe('refusals', () => {
  it('are written at once, and those that follow are counted', async () => {
    const ledger = newLedger()
    const { trail } = startTrail(ledger)
    trail.refused(REFUSAL)
    await trail.flush()
    expect(await counts(ledger)).toEqual([1])
    for (let n = 0; n < 500; n++) trail.refused(REFUSAL)
    trail.refused({ ...REFUSAL, reason: 'source_not_own' })
    await trail.flush()
    // A flush begins a new minute: the first of the 500 is a first again.
    expect((await counts(ledger)).toSorted((a, b) => a - b)).toEqual([1, 1, 1, 499])
    await trail.close()
  })

  it('are written when their minute is over, without anybody asking', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const ledger = newLedger()
    const { trail } = startTrail(ledger)
    for (let n = 0; n < 7; n++) trail.refused(REFUSAL)
    await vi.waitFor(async () => expect(await counts(ledger)).toEqual([1]))
    vi.advanceTimersByTime(60_000)
    await vi.waitFor(async () => expect(await counts(ledger)).toEqual([1, 6]))
    await trail.close()
  })

  it('of too many kinds are counted together', async () => {
    const ledger = newLedger()
    const { trail } = startTrail(ledger)
    for (let n = 0; n < 5000; n++) trail.refused({ ...REFUSAL, principal: NOBODY, address: `192.0.2.${n}` })
    await trail.flush()
    const all = await counts(ledger)
    expect([all.length, all.reduce((sum, one) => sum + one, 0)]).toEqual([MAX_KINDS + 1, 5000])
    const last = (await eventsIn(ledger, 'access-audit')).at(-1)
    expect(last?.data).toMatchObject({ address: 'many', route: 'many', principal: null, count: 5000 - MAX_KINDS })
    await trail.close()
  })

  it('that cannot be written are kept, and written when that works again', async () => {
    const inner = newLedger()
    let isDown = true
    const ledger = withAppend(inner, async (events) => {
      if (isDown) throw new EvidenceError('ledger_full', 'no space')
      return inner.append(events)
    })
    const { trail, failures } = startTrail(ledger)
    for (let n = 0; n < 3; n++) trail.refused(REFUSAL)
    await trail.flush()
    expect([trail.isFailing, failures.length > 0, await counts(inner)]).toEqual([true, true, []])
    isDown = false
    await trail.flush()
    expect([trail.isFailing, (await counts(inner)).reduce((sum, one) => sum + one, 0)]).toEqual([false, 3])
    await trail.close()
  })

  it('hold what a client made up only in the shape of an event', async () => {
    const ledger = newLedger()
    const { trail, failures } = startTrail(ledger)
    const principal = { ...ALICE, subject: `a\n\u0000${'x'.repeat(500)}\ud800` }
    trail.refused({ ...REFUSAL, method: 'PROPFIND', principal, address: 'fe80::1%\u0007', route: '/x'.repeat(500) })
    await trail.flush()
    expect(failures).toEqual([])
    const [event] = await eventsIn(ledger, 'access-audit')
    expect(event?.data).toMatchObject({ method: 'other', principal: `a??${'x'.repeat(197)}`, address: 'fe80::1%?' })
    await trail.close()
  })
})

describe('a read of packets', () => {
  it('is an event before anything is given away, and the trail verifies', async () => {
    const tokens = makeTokens()
    const ledger = await importedLedger()
    const { app, audited } = await makeApi({ ledger, groups: [probeRoutes], config: { access_file: tokens.path } })
    const { bearer, text } = tokens.make(['auditor'], { subject: 'alice' })
    const url = `/probe/packets/${ROUND}?policy=sop%401.78&token=${text}`
    const answer = await app.inject({ url, headers: bearer })
    expect(answer.statusCode).toBe(200)
    const [event] = await audited()
    expect(event).toEqual({
      type: 'access.packet_read.v1',
      data: {
        round_id: ROUND,
        method: 'GET',
        route: '/probe/packets/:id',
        principal: 'alice',
        via: 'token',
        address: '127.0.0.1',
        request_id: answer.headers['x-request-id'],
      },
    })
    expect((await app.inject({ url: `/probe/packets/${ROUND}` })).statusCode).toBe(401)
    const all = JSON.stringify(await audited())
    expect(all).not.toContain(text.slice(17, 57))
    expect(await verifyLedger(`${ledger}.audit.db`)).toMatchObject({ ok: true, events: 2, rounds: 0 })
  })

  it('that cannot be recorded is refused, and the service says that it is not ready', async () => {
    const { app, ports } = await makeApi({
      rounds: [],
      groups: [probeRoutes],
      change: (ports) => {
        const ledger = withAppend(newLedger(), () => Promise.reject(new EvidenceError('ledger_full', 'no space')))
        const { trail } = startTrail(ledger)
        return { ...ports, audit: trail }
      },
    })
    const answer = await app.inject(`/probe/packets/${ROUND}`)
    expect([answer.statusCode, answer.json().code, 'given' in answer.json()]).toEqual([503, 'audit_unavailable', false])
    expect((await app.inject('/probe/read')).statusCode).toBe(200)
    const ready = await app.inject('/health/ready')
    expect([ready.statusCode, ready.json().checks.audit]).toEqual([503, 'failed'])
    await ports.audit.close()
  })
})
