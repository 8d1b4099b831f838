import { describe, expect, test } from 'vitest'
import type { GuardInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { MAX_RESPONSE_BYTES, preflightResponse, preflightText } from '../../guards/preflight.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import { PREFLIGHT_STATUSES, type PreflightResult, type PreflightStatus } from '../../schemas/response.ts'
import { AT, fileInput, GREEN_VALUES, goodResponse, OPEN_GATES, type Response, toBytes } from './guard-fixtures.ts'

const input = fileInput(OPEN_GATES)
const run = (bytes: Uint8Array | null, isReplayed = false): PreflightResult => preflightResponse(input, bytes, { at: AT, isReplayed })

/** Token-like texts are put together here, so that no scanner of this repository finds one. */
const TOKEN = ['gh', 'p_', 'Zx9Q'.repeat(9)].join('')
const PEM_HEADER = ['-----BEGIN ', 'OPENSSH PRIVATE', ' KEY-----'].join('')

type Change = (response: Response) => void
const gate = (response: Response, n: number) => response.responses[n] as Response['responses'][number]
const evidence = (response: Response, g: number, e: number) => gate(response, g).evidence[e] as Response['responses'][number]['evidence'][number]

function changed(...changes: Change[]): Response {
  const response = goodResponse(input)
  for (const change of changes) change(response)
  return response
}

/** One change that makes a good response end in each status. */
const CHANGES: readonly (readonly [PreflightStatus, Change])[] = [
  ['blocked_unreadable_response', (r) => Object.assign(gate(r, 0), { comment: 'caf\u00e9' })],
  ['blocked_round_mismatch', (r) => Object.assign(r, { artifact_id: 'awoooi-post-reboot-readiness-20260628-000000' })],
  ['blocked_response_expired_or_replayed', (r) => Object.assign(r, { valid_until: '2026-06-27T07:59:59Z' })],
  ['blocked_secret_payload', (r) => Object.assign(gate(r, 1), { comment: PEM_HEADER })],
  ['blocked_runtime_action_requested', (r) => Object.assign(r.requests, { runtime_action: true })],
  ['blocked_credential_marker_write_requested', (r) => Object.assign(r.requests, { credential_marker_write: true })],
  ['blocked_security_runtime_action_requested', (r) => Object.assign(r.requests, { security_runtime_action: true })],
  ['blocked_generic_approval', (r) => Object.assign(gate(r, 0), { approved: true, evidence: [] })],
  ['blocked_waiting_owner_response_content', (r) => Object.assign(r, { owner_id: 'TODO_OWNER_ID' })],
  ['blocked_missing_gate_response', (r) => r.responses.pop()],
  ['blocked_missing_required_evidence', (r) => gate(r, 1).evidence.pop()],
  ['ready_for_independent_review', () => undefined],
]

describe('each status is reached by one change of a good response', () => {
  for (const [status, change] of CHANGES) {
    test(status, () => {
      const result = run(toBytes(changed(change)))
      expect(result).toMatchObject({ status, ok: status === 'ready_for_independent_review', accepted: 0, runtime_gate: 0 })
    })
  }
  test('all of them, with the missing file, are the statuses of the contract in its order', () => {
    expect(['blocked_waiting_owner_response_file', ...CHANGES.map(([status]) => status)]).toEqual([...PREFLIGHT_STATUSES])
  })
})

describe('of two findings the one earlier in the contract is the status', () => {
  for (const [index, [status, change]] of CHANGES.slice(0, -1).entries()) {
    const [later, laterChange] = CHANGES[index + 1] as (typeof CHANGES)[number]
    test(`${status} before ${later}`, () => {
      for (const order of [
        [change, laterChange],
        [laterChange, change],
      ]) {
        // The gate that the next change takes away must not be the one that this one fills.
        expect(run(toBytes(changed(...order))).status).toBe(status)
      }
    })
  }
  test('everything wrong at once', () => {
    const all = CHANGES.map(([, change]) => change)
    expect(run(toBytes(changed(...all))).status).toBe('blocked_unreadable_response')
    expect(run(toBytes(changed(...all.slice(1)))).status).toBe('blocked_round_mismatch')
    expect(run(null, true).status).toBe('blocked_waiting_owner_response_file')
  })
})

const firstLine = (result: PreflightResult): string => preflightText(result).split('\n')[0] as string

describe('the first line, exactly', () => {
  test('no file', () => {
    expect(preflightText(run(null))).toBe(
      'POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_BLOCKED status=blocked_waiting_owner_response_file expected_gates=3 received=0 accepted=0 runtime_gate=0\nREASON no_response_file at /\n',
    )
  })
  test('the template as it was sent', () => {
    const template = Buffer.from(`${JSON.stringify(responseTemplate(buildOwnerPackets(input)), null, 2)}\n`)
    expect(firstLine(run(template))).toBe(
      'POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_BLOCKED status=blocked_waiting_owner_response_content expected_gates=3 received=0 accepted=0 runtime_gate=0',
    )
  })
  test('a whole answer', () => {
    expect(preflightText(run(toBytes(goodResponse(input))))).toBe(
      'POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_OK status=ready_for_independent_review expected_gates=3 received=3 accepted=0 runtime_gate=0\n',
    )
  })
  test('one gate answered', () => {
    const only = changed((r) => {
      for (const n of [1, 2]) for (const one of gate(r, n).evidence) one.reference = 'TODO'
    })
    expect(firstLine(run(toBytes(only)))).toBe(
      'POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_BLOCKED status=blocked_missing_gate_response expected_gates=3 received=1 accepted=0 runtime_gate=0',
    )
  })
  test('a bare approval', () => {
    expect(preflightText(run(Buffer.from('{"approved": true}')))).toMatch(
      /^POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_BLOCKED status=blocked_generic_approval expected_gates=3 received=0 accepted=0 runtime_gate=0\nREASON approval_without_evidence at \/approved\n/,
    )
  })
})

describe('what cannot be read', () => {
  const text = JSON.stringify(goodResponse(input))
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', Buffer.alloc(0), 'not_json'],
    ['not JSON', Buffer.from('approved'), 'not_json'],
    ['cut off', Buffer.from(text.slice(0, -1)), 'not_json'],
    ['a byte order mark', Buffer.from(`\ufeff${text}`), 'not_json'],
    ['UTF-16', Buffer.from(text, 'utf16le'), 'not_json'],
    ['not UTF-8', Buffer.concat([Buffer.from(text.slice(0, 40)), Buffer.from([0xc3, 0x28]), Buffer.from(text.slice(40))]), 'not_utf8'],
    ['a key given twice', Buffer.from(text.replace('{', '{"owner_id":"me",')), 'duplicate_key'],
    ['a key given twice in an escape', Buffer.from(text.replace('{', '{"owner\\u005fid":"me",')), 'duplicate_key'],
    ['a lone surrogate', Buffer.from(text.replace('owner-on-duty', '\\ud800')), 'lone_surrogate'],
    ['deep nesting', Buffer.from(`${'['.repeat(500)}${']'.repeat(500)}`), 'too_deep'],
    ['very deep nesting', Buffer.from('['.repeat(500_000)), 'not_json'],
    ['very deep nesting, closed', Buffer.from(`${'['.repeat(400_000)}${']'.repeat(400_000)}`), 'too_deep'],
    ['too large', Buffer.alloc(MAX_RESPONSE_BYTES + 1, 0x20), 'too_large'],
    ['an array', Buffer.from('[]'), 'schema_invalid'],
    ['null', Buffer.from('null'), 'schema_invalid'],
    ['another schema', toBytes({ ...goodResponse(input), response_schema: 'v2' }), 'schema_invalid'],
    ['an unknown field', toBytes({ ...goodResponse(input), accepted: 1 }), 'unknown_field'],
    ['a field of the prototype', Buffer.from('{"__proto__": {"approved": true}}'), 'unknown_field'],
    ['an approval that is a word', toBytes({ ...goodResponse(input), approved: 'true' }), 'schema_invalid'],
    ['a request that is a number', toBytes(changed((r) => Object.assign(r.requests, { runtime_action: 1 }))), 'schema_invalid'],
    ['a line break in a comment', toBytes(changed((r) => Object.assign(gate(r, 0), { comment: 'a\nb' }))), 'text_not_allowed'],
    ['a time that is none', toBytes(changed((r) => Object.assign(r, { responded_at: '2026-06-27T25:00:00Z' }))), 'not_a_time'],
    ['a gate given twice', toBytes(changed((r) => r.responses.push(gate(r, 0)))), 'gate_given_twice'],
  ]
  for (const [name, bytes, code] of cases) {
    test(name, () => {
      const result = run(bytes)
      expect(result.status).toBe('blocked_unreadable_response')
      expect(result.reasons.map((one) => one.code)).toContain(code)
    })
  }
  test('a response of exactly the largest size is read', () => {
    const padded = Buffer.concat([toBytes(goodResponse(input)), Buffer.alloc(MAX_RESPONSE_BYTES - toBytes(goodResponse(input)).length, 0x20)])
    expect(run(padded).ok).toBe(true)
  })
})

describe('another round, another time', () => {
  const cases: readonly (readonly [string, PreflightStatus, string, Change])[] = [
    ['packets of another set', 'blocked_round_mismatch', 'other_packet_set', (r) => Object.assign(r, { packet_set_digest: `sha256:${'0a'.repeat(32)}` })],
    ['one packet of another set', 'blocked_round_mismatch', 'other_packet', (r) => Object.assign(gate(r, 2), { packet_digest: `sha256:${'0a'.repeat(32)}` })],
    ['no packet digest', 'blocked_round_mismatch', 'other_packet', (r) => Object.assign(gate(r, 2), { packet_digest: undefined })],
    ['no artifact', 'blocked_round_mismatch', 'other_round', (r) => Object.assign(r, { artifact_id: undefined })],
    ['a gate nobody asked about', 'blocked_round_mismatch', 'gate_not_in_packets', (r) => Object.assign(gate(r, 2), { gate_id: 'coffee_machine' })],
    ['expired this very moment', 'blocked_response_expired_or_replayed', 'expired', (r) => Object.assign(r, { valid_until: AT })],
    [
      'answered before the round',
      'blocked_response_expired_or_replayed',
      'answered_before_the_round',
      (r) => Object.assign(r, { responded_at: '2026-06-27T03:50:45Z' }),
    ],
    [
      'answered in the future',
      'blocked_response_expired_or_replayed',
      'answered_in_the_future',
      (r) => Object.assign(r, { responded_at: '2026-06-27T08:05:01Z' }),
    ],
  ]
  for (const [name, status, code, change] of cases) {
    test(name, () => {
      const result = run(toBytes(changed(change)))
      expect(result.status).toBe(status)
      expect(result.reasons.map((one) => one.code)).toContain(code)
    })
  }
  test('used before', () => {
    expect(run(toBytes(goodResponse(input)), true)).toMatchObject({
      status: 'blocked_response_expired_or_replayed',
      reasons: [{ code: 'already_used', pointer: '/' }],
    })
  })
  test('a response to the same gates of an other summary', () => {
    const other: GuardInput = fileInput({ ...OPEN_GATES, EVIDENCE_COUNT: '32' })
    expect(preflightResponse(other, toBytes(goodResponse(input)), { at: AT, isReplayed: false }).status).toBe('blocked_round_mismatch')
  })
  test('where no gate is open there is nothing to answer', () => {
    const none = fileInput(GREEN_VALUES)
    expect(preflightResponse(none, toBytes(goodResponse(none)), { at: AT, isReplayed: false }).ok).toBe(false)
  })
})

describe('requests for action, in fields or in words', () => {
  const cases: readonly (readonly [PreflightStatus, string])[] = [
    ['blocked_runtime_action_requested', 'please restart the database'],
    ['blocked_runtime_action_requested', 'go ahead and reboot'],
    ['blocked_runtime_action_requested', 'systemctl reset-failed'],
    ['blocked_credential_marker_write_requested', 'please write the escrow marker'],
    ['blocked_credential_marker_write_requested', 'mark all five items as verified'],
    ['blocked_security_runtime_action_requested', 'enable active response now'],
    ['blocked_security_runtime_action_requested', 're-enroll the agents'],
    ['blocked_security_runtime_action_requested', 'Kali may look at it'],
  ]
  for (const [status, comment] of cases) {
    test(comment, () => {
      expect(run(toBytes(changed((r) => Object.assign(gate(r, 0), { comment })))).status).toBe(status)
      expect(run(toBytes({ ...changed(), comment })).status).toBe(status)
    })
  }
})

describe('evidence of each gate', () => {
  const cases: readonly (readonly [string, string, Change])[] = [
    ['four of five escrow items', 'missing_oauth_ai_provider_recovery', (r) => gate(r, 0).evidence.pop()],
    ['no rollback owner', 'missing_rollback_owner', (r) => gate(r, 1).evidence.splice(1, 1)],
    ['a rollback owner left as it was', 'missing_rollback_owner', (r) => Object.assign(evidence(r, 1, 1), { reference: 'EVIDENCE_ID_FOR_ROLLBACK_OWNER' })],
    ['no manager registry export', 'missing_manager_registry_export', (r) => gate(r, 2).evidence.splice(0, 1)],
    ['no Dashboard API readback', 'missing_dashboard_api_readback', (r) => gate(r, 2).evidence.splice(1, 1)],
    ['an item twice instead of five', 'evidence_given_twice', (r) => gate(r, 0).evidence.splice(1, 1, evidence(r, 0, 0))],
    ['evidence nobody asked for', 'evidence_not_asked_for', (r) => Object.assign(evidence(r, 0, 0), { id: 'favourite_colour' })],
    [
      'a reference of a kind that does not count',
      'reference_type_not_acceptable',
      (r) => Object.assign(evidence(r, 1, 1), { reference_type: 'vault_item_id' }),
    ],
    ['a date to come', 'not_a_past_date', (r) => Object.assign(evidence(r, 0, 0), { recorded_on: '2026-06-29' })],
    ['a day that is none', 'not_a_past_date', (r) => Object.assign(evidence(r, 0, 0), { recorded_on: '2026-02-30' })],
  ]
  for (const [name, code, change] of cases) {
    test(name, () => {
      const result = run(toBytes(changed(change)))
      expect(result.status).toBe('blocked_missing_required_evidence')
      expect(result.reasons.map((one) => one.code)).toContain(code)
    })
  }
  test('a digest is no reference to an escrow item: it may be the hash of the secret', () => {
    const digest = { reference_type: 'redacted_export_digest', reference: `sha256:${'9e'.repeat(32)}` }
    expect(run(toBytes(changed((r) => Object.assign(evidence(r, 0, 0), digest)))).status).toBe('blocked_secret_payload')
    expect(run(toBytes(changed((r) => Object.assign(evidence(r, 2, 0), digest)))).ok).toBe(true)
  })
  for (const reference of ['EVIDENCE_ID_FOR_X', 'VAULT-ITEM-ID', 'TODO', '<vault item>', 'example-1', 'xxx', 'n/a', '...', '000000', '{{id}}']) {
    test(`${reference} is no reference`, () => {
      expect(run(toBytes(changed((r) => Object.assign(evidence(r, 0, 0), { reference })))).ok).toBe(false)
    })
  }
  test('normal references pass', () => {
    for (const reference of ['vault-item-4711', 'envelope/2026-06/17', 'checklist:escrow-3', 'VLT.88213']) {
      expect(run(toBytes(changed((r) => Object.assign(evidence(r, 0, 0), { reference })))).ok, reference).toBe(true)
    }
  })
})

describe('content never comes back', () => {
  const places: readonly (readonly [string, (secret: string) => unknown])[] = [
    ['a comment', (secret) => ({ ...goodResponse(input), comment: secret })],
    ['an owner id', (secret) => ({ ...goodResponse(input), owner_id: secret })],
    ['a reference', (secret) => changed((r) => Object.assign(evidence(r, 0, 0), { reference: secret }))],
    ['a digest', (secret) => ({ ...goodResponse(input), packet_set_digest: secret })],
    ['an artifact id', (secret) => ({ ...goodResponse(input), artifact_id: secret })],
    ['a gate id', (secret) => changed((r) => Object.assign(gate(r, 0), { gate_id: secret }))],
    ['the schema', (secret) => ({ ...goodResponse(input), response_schema: secret })],
    ['a number field', (secret) => ({ ...goodResponse(input), approved: secret })],
    ['a key at the top', (secret) => ({ ...goodResponse(input), [secret]: 1 })],
    ['a key of a gate', (secret) => changed((r) => Object.assign(gate(r, 0), { [secret]: true }))],
    ['a key of evidence', (secret) => changed((r) => Object.assign(evidence(r, 0, 0), { [secret]: {} }))],
    ['a key of the requests', (secret) => changed((r) => Object.assign(r.requests, { [secret]: false }))],
    ['keys as deep as they go', (secret) => ({ [secret]: { [secret]: [{ [secret]: secret }] } })],
  ]
  for (const [name, place] of places) {
    test(name, () => {
      for (const secret of [TOKEN, PEM_HEADER, `${'p4ss'}word=hunter2hunter2`]) {
        const result = run(toBytes(place(secret)))
        expect(result.ok).toBe(false)
        const printed = preflightText(result) + JSON.stringify(result)
        expect(printed).not.toContain(secret)
        for (const line of preflightText(result).trimEnd().split('\n').slice(1)) expect(line).toMatch(/^REASON [a-z0-9_]+ at \/[a-z0-9_/*]*$/)
      }
    })
  }
  test('a key given twice that is a secret', () => {
    expect(preflightText(run(Buffer.from(`{"${TOKEN}":1,"${TOKEN}":2}`)))).not.toContain(TOKEN)
  })
})
