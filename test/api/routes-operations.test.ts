import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { listenApi, makeApi } from '../support/api-harness.ts'
import { ESCROW_GATE, ESCROW_ITEMS, ESCROW_REFERENCE, TOKEN_LIKE } from '../support/escrow-words.ts'
import { openSse } from '../support/sse-reader.ts'
import { makeTokens } from '../support/test-access.ts'

const estateText = (folder: string, command: string): string => `estate: shop
version: "1"
policy: sop@1.78
hosts: [{ id: here, transport: local }]
commands: [{ id: wait, argv: ${command} }]
gates: [{ id: P0-SHOP }, { id: P1-SHOP, depends_on: [P0-SHOP] }]
checks:
  - { id: os, gate: P0-SHOP, host: here, kind: file, path: /etc/os-release }
  - { id: wait, gate: P1-SHOP, host: here, kind: command, command: wait }
  - { id: markers, gate: P0-SHOP, part: escrow, host: here, kind: escrow, path: ${folder}/markers, severity: warn, warning_class: BOUNDARY }
sections:
  escrow: { items: [${ESCROW_ITEMS.join(', ')}], inventory: [markers] }
owner_gates: [${ESCROW_GATE}]
`

/** A service with one estate, and people of every role. */
async function openShop(command = '["true"]') {
  const folder = mkdtempSync(path.join(tmpdir(), 'evidence-shop-'))
  mkdirSync(path.join(folder, 'markers'))
  const file = path.join(folder, 'estate.yaml')
  writeFileSync(file, estateText(folder, command))
  const tokens = makeTokens()
  const api = await listenApi({ rounds: [], config: { estates: [file], access_file: tokens.path } })
  const who = {
    operator: tokens.make(['operator'], { subject: 'olga.operator' }).bearer,
    owner: tokens.make(['owner'], { subject: 'omar.owner' }).bearer,
    reviewer: tokens.make(['reviewer'], { subject: 'rita.reviewer' }).bearer,
    both: tokens.make(['owner', 'reviewer'], { subject: 'Bo.Both' }).bearer,
    running: tokens.make(['operator', 'reviewer'], { subject: 'olga.operator' }).bearer,
  }
  const ask = (url: string, as: keyof typeof who = 'operator') => api.app.inject({ url, headers: who[as] })
  const post = (url: string, payload: object | string, as: keyof typeof who) =>
    api.app.inject({
      method: 'POST',
      url,
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      headers: { 'content-type': 'application/json', ...who[as] },
    })
  const runRound = async (): Promise<string> => {
    const started = await post('/v1/rounds', { estate: 'shop' }, 'operator')
    expect([started.statusCode, started.body]).toEqual([202, expect.stringContaining('artifact_id')])
    const { artifact_id: id } = started.json()
    await expect.poll(async () => (await ask(`/v1/rounds/${id}`)).json().integrity, { timeout: 20_000 }).toBe('verified')
    return id
  }
  return { ...api, folder, file, who, ask, post, runRound }
}
type Shop = Awaited<ReturnType<typeof openShop>>

const everything = async ({ ports }: Shop): Promise<string> => {
  const texts: string[] = []
  for await (const page of ports.ledger.readAll(0)) texts.push(...page.map(({ text }) => text))
  return texts.join('\n')
}

describe('a round that the service runs', () => {
  it('is seen live from its opening to its seal, is the operator’s, and is then in every list', { timeout: 60_000 }, async () => {
    const shop = await openShop()
    const reader = await openSse(`${shop.url}/v1/events/live`, shop.who.operator)
    const started = await shop.post('/v1/rounds', { estate: 'shop', skip: ['escrow'] }, 'operator')
    const { artifact_id: id, live } = started.json()
    expect([started.statusCode, started.headers.location, live]).toEqual([202, `/v1/rounds/${id}`, `/v1/events/live?round=${id}`])
    const events = await reader.until((all) => all.some(({ data }) => data.type === 'round.sealed.v1'))
    expect(events[0]?.data).toMatchObject({
      type: 'round.opened.v1',
      round_id: id,
      event: { data: { operator: 'olga.operator', options: { skipped_parts: ['escrow'] } } },
    })
    expect(events.length).toBe(5)
    expect((await shop.ask('/v1/rounds')).json().rows).toMatchObject([{ artifact_id: id, estate: 'shop', integrity: 'verified' }])
    expect((await shop.ask('/v1/rounds/unfinished')).json().rows).toEqual([])
    reader.close()
  })

  it('is the only one of its estate: of two at once one is refused', { timeout: 60_000 }, async () => {
    const shop = await openShop('[sleep, "1"]')
    const both = await Promise.all([shop.post('/v1/rounds', { estate: 'shop' }, 'operator'), shop.post('/v1/rounds', { estate: 'shop' }, 'operator')])
    expect(both.map((one) => one.statusCode).sort()).toEqual([202, 409])
    const id = both.find((one) => one.statusCode === 202)?.json().artifact_id
    expect((await shop.ask('/v1/rounds/unfinished')).json().rows).toMatchObject([{ artifact_id: id, integrity: 'unsealed', overall: 'BLOCKED' }])
    await expect.poll(async () => (await shop.ask(`/v1/rounds/${id}`)).json().integrity, { timeout: 20_000 }).toBe('verified')
    // Ids have a second's resolution.
    await expect.poll(async () => (await shop.post('/v1/rounds', { estate: 'shop' }, 'operator')).statusCode, { timeout: 5000 }).toBe(202)
  })

  it('is refused for what is not there: estate, part, gate, policy', async () => {
    const shop = await openShop()
    const wrong: [object, number][] = [
      [{ estate: 'other' }, 404],
      [{ estate: 'shop', skip: ['no_such_part'] }, 400],
      [{ estate: 'shop', only: ['P9-NOWHERE'] }, 400],
      [{ estate: 'shop', policy: 'other@1' }, 400],
    ]
    for (const [body, status] of wrong) expect((await shop.post('/v1/rounds', body, 'operator')).statusCode).toBe(status)
    expect((await shop.ports.ledger.stats()).events).toBe(0)
    // A refused one holds no place.
    await shop.runRound()
  })

  it('is left unsealed when the service stops, and close waits for it', { timeout: 60_000 }, async () => {
    const shop = await openShop('[sleep, "30"]')
    const { artifact_id: id } = (await shop.post('/v1/rounds', { estate: 'shop' }, 'operator')).json()
    const before = Date.now()
    await shop.app.close()
    expect(Date.now() - before).toBeLessThan(15_000)
    const types: string[] = []
    for await (const page of shop.ports.ledger.readRound(id)) types.push(...page.map(({ text }) => (JSON.parse(text) as { type: string }).type))
    expect(types).not.toContain('round.sealed.v1')
    expect(types[0]).toBe('round.opened.v1')
  })
})

describe('escrow', () => {
  it('needs a passed dry run by the operator before the owner marks; nothing that was given is repeated', { timeout: 60_000 }, async () => {
    const shop = await openShop()
    const pair = { item: ESCROW_ITEMS[3], evidence_id: ESCROW_REFERENCE }
    const early = await shop.post('/v1/escrow/markers', pair, 'owner')
    expect([early.statusCode, early.json().code]).toEqual([412, 'precondition_failed'])
    expect((await shop.post('/v1/escrow/dry-runs', pair, 'operator')).json()).toMatchObject({ item: ESCROW_ITEMS[3], dry_run: true, marker_written: false })
    expect((await shop.post('/v1/escrow/markers', { ...pair, evidence_id: 'SEALED-7F-022' }, 'owner')).statusCode).toBe(412)
    expect(readdirSync(path.join(shop.folder, 'markers'))).toEqual([])
    const marked = await shop.post('/v1/escrow/markers', pair, 'owner')
    expect([marked.statusCode, marked.json()]).toEqual([201, { item: ESCROW_ITEMS[3], dry_run: false, marker_written: true, reason: null, runtime_gate: 0 }])
    expect(JSON.parse(readFileSync(path.join(shop.folder, 'markers', `${ESCROW_ITEMS[3]}.json`), 'utf8'))).toMatchObject({
      item: ESCROW_ITEMS[3],
      evidence_id: ESCROW_REFERENCE,
    })
    await shop.runRound()
    const status = await shop.ask('/v1/escrow?estate=shop')
    expect([status.headers['evidence-answer'], status.json()]).toEqual(['no', expect.objectContaining({ escrow_missing_count: 5 })])
    expect(status.json().items[3]).toMatchObject({ item: ESCROW_ITEMS[3], marker: 'present', missing: true })
    expect(`${await everything(shop)}${shop.logText()}${marked.body}${status.body}`).not.toContain(ESCROW_REFERENCE)
  })

  it('refuses placeholders, secrets and unknown items, and repeats none of them', async () => {
    const shop = await openShop()
    for (const [item, evidenceId, code] of [
      [ESCROW_ITEMS[0], 'EVIDENCE_ID_FOR_DNS', 'evidence_id_refused'],
      [ESCROW_ITEMS[0], TOKEN_LIKE, 'evidence_id_refused'],
      [TOKEN_LIKE, ESCROW_REFERENCE, 'escrow_item_unknown'],
    ] as const) {
      for (const [url, as] of [
        ['/v1/escrow/dry-runs', 'operator'],
        ['/v1/escrow/markers', 'owner'],
      ] as const) {
        const answer = await shop.post(url, { item, evidence_id: evidenceId }, as)
        expect([answer.statusCode, answer.json().code]).toEqual([400, code])
        expect(answer.body + shop.logText()).not.toContain(TOKEN_LIKE)
      }
    }
    expect((await shop.ports.ledger.stats()).events).toBe(0)
  })
})

/** The template of a round, filled in as an owner would. */
async function fillResponse({ ask }: Shop, round: string): Promise<string> {
  const packets: { owner_packets: { required_evidence: { id: string; acceptable: string[] }[] }[] } = (await ask(`/v1/rounds/${round}/packets`)).json()
  const response = (await ask(`/v1/rounds/${round}/response-template`)).json()
  const asked = packets.owner_packets.flatMap((packet) => packet.required_evidence)
  const iso = (ms: number): string => new Date(Date.now() + ms).toISOString()
  Object.assign(response, { owner_id: 'M. Owner', responded_at: iso(0), valid_until: iso(86_400_000) })
  for (const [n, one] of (response.responses as { evidence: { id: string }[] }[]).flatMap((gate) => gate.evidence).entries()) {
    const type = asked.find(({ id }) => id === one.id)?.acceptable.find((name) => name !== 'redacted_export_digest')
    Object.assign(one, { reference_type: type, reference: `REC-${100 + n}`, recorded_on: iso(0).slice(0, 10) })
  }
  return JSON.stringify(response)
}

describe('from a response to its review', () => {
  it('by different people only, each by who they are', { timeout: 60_000 }, async () => {
    const shop = await openShop()
    const round = await shop.runRound()
    const at = (rest: string): string => `/v1/rounds/${round}${rest}`
    const response = await fillResponse(shop, round)
    const expires = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
    const review = (as: keyof Shop['who'], more: object = {}) =>
      shop.post(
        at('/reviews'),
        { gate: ESCROW_GATE, decision: 'accepted', owner: 'M. Owner', expires, response: Buffer.from(response).toString('base64'), ...more },
        as,
      )

    const early = await review('reviewer')
    expect([early.statusCode, early.json().code, early.json().detail]).toEqual([409, 'review_refused', expect.stringContaining('response_not_preflighted')])

    const preflight = await shop.post(at('/guards/preflight'), response, 'both')
    expect(preflight.json()).toMatchObject({ status: 'ready_for_independent_review', accepted: 0, runtime_gate: 0 })
    expect(preflight.headers['evidence-answer']).toBe('yes')

    const same = await review('both')
    expect([same.statusCode, same.json().code, same.json().errors]).toEqual([403, 'forbidden', [{ pointer: '', detail: 'reviewer_is_submitter' }]])
    const operator = await review('running')
    expect([operator.statusCode, operator.json().errors]).toEqual([403, [{ pointer: '', detail: 'reviewer_is_operator' }]])
    expect((await shop.audited()).map((event) => (event as unknown as { data: { reason?: string } }).data.reason)).toContain('same_person')

    const named = await review('reviewer', { reviewer: 'Somebody Else' })
    expect(named.statusCode).toBe(400)
    const accepted = await review('reviewer')
    expect([accepted.statusCode, accepted.json()]).toEqual([
      201,
      expect.objectContaining({ recorded: true, review: expect.objectContaining({ reviewer: 'rita.reviewer', owner: 'M. Owner' }) }),
    ])
    const again = await review('reviewer')
    expect([again.statusCode, again.json().errors]).toEqual([409, [{ pointer: '', detail: 'already_decided' }]])

    const replay = await shop.post(at('/guards/preflight'), response, 'owner')
    expect(replay.json().status).toBe('blocked_response_expired_or_replayed')
    const decisions = (await shop.ask(at('/decisions'))).json().rows
    expect(decisions.map((row: { type: string }) => row.type)).toEqual([
      'packets.exported.v1',
      'response.preflighted.v1',
      'review.recorded.v1',
      'response.preflighted.v1',
    ])
    expect(decisions[1].event.data.submitted_by).toBe('Bo.Both')

    // The acceptance counts in the next round: the packets of this one said what was missing.
    await expect.poll(async () => (await shop.post('/v1/rounds', { estate: 'shop' }, 'operator')).statusCode, { timeout: 5000 }).toBe(202)
    expect(await everything(shop)).not.toContain('REC-100')
    expect(shop.logText()).not.toContain('REC-100')
  })

  it('no response at all is told so, as on the command line without a file', async () => {
    const { app } = await makeApi()
    const url = '/v1/rounds/awoooi-post-reboot-readiness-20260627-115046/guards/preflight'
    const answers = [
      await app.inject({ method: 'POST', url }),
      await app.inject({ method: 'POST', url, payload: '', headers: { 'content-type': 'application/json' } }),
    ]
    expect(answers.map((one) => [one.statusCode, one.json().status])).toEqual([
      [200, 'blocked_waiting_owner_response_file'],
      [200, 'blocked_unreadable_response'],
    ])
  })

  it('a response with a secret in it is blocked, and is in no answer, log or ledger', { timeout: 60_000 }, async () => {
    const shop = await openShop()
    const round = await shop.runRound()
    const response = (await fillResponse(shop, round)).replace('REC-100', TOKEN_LIKE)
    const answer = await shop.post(`/v1/rounds/${round}/guards/preflight`, response, 'owner')
    expect(answer.json().status).toBe('blocked_secret_payload')
    expect(`${answer.body}${shop.logText()}${await everything(shop)}`).not.toContain(TOKEN_LIKE)
  })
})

describe('packets', () => {
  it('are recorded beside the round each time they are given, not for a 304, and every asking is in the audit trail', async () => {
    const { app, ports, audited } = await makeApi()
    const round = 'awoooi-post-reboot-readiness-20260627-115046'
    const count = async (): Promise<number> => {
      let n = 0
      for await (const page of ports.ledger.readRound(round)) n += page.filter(({ text }) => text.includes('packets.exported.v1')).length
      return n
    }
    const first = await app.inject(`/v1/rounds/${round}/packets`)
    expect(first.headers['content-disposition']).toBe(`attachment; filename="${round}-owner-packets.json"`)
    expect(await count()).toBe(1)
    expect((await app.inject({ url: `/v1/rounds/${round}/packets`, headers: { 'if-none-match': String(first.headers.etag) } })).statusCode).toBe(304)
    expect(await count()).toBe(1)
    const page = await app.inject(`/v1/rounds/${round}/packets.html?lang=zh-Hant`)
    expect([page.statusCode, page.headers['content-type'], page.body]).toEqual([200, 'text/html; charset=utf-8', expect.stringContaining('lang="zh-Hant"')])
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(await count()).toBe(2)
    const reads = (await audited()).filter((event) => event.type === 'access.packet_read.v1')
    expect(reads.length).toBe(3)
  })

  it('are not given where the export cannot be recorded', async () => {
    const failing = new Error('disk')
    const { app } = await makeApi({
      change: (ports) => ({ ...ports, ledger: { ...ports.ledger, stats: () => ports.ledger.stats(), append: () => Promise.reject(failing) } }),
    })
    const answer = await app.inject('/v1/rounds/awoooi-post-reboot-readiness-20260627-115046/packets')
    expect([answer.statusCode, answer.json().code]).toEqual([500, 'internal'])
    expect(answer.body).not.toContain('owner_packets')
  })
})
