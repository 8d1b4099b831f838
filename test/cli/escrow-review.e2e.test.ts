import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ESCROW_GATE, ESCROW_ITEMS, ESCROW_REFERENCE, TOKEN_LIKE } from '../support/escrow-words.ts'
import { newFolder, type Ran, runEvidence, runMany } from './run-program.ts'

const REGISTRY = 'wazuh_manager_registry_export'

const ESTATE = `estate: shop
version: "1"
policy: sop@1.78
hosts: [{ id: here, transport: local }]
gates: [{ id: P0-SHOP }]
checks:
  - { id: os, gate: P0-SHOP, host: here, kind: file, path: /etc/os-release }
  - { id: markers, gate: P0-SHOP, part: escrow, host: here, kind: escrow, path: markers, severity: warn, warning_class: BOUNDARY }
  - { id: registry, gate: P0-SHOP, part: quick_check, host: here, kind: delegated, report: other, path: registry.txt, severity: warn, warning_class: EVIDENCE }
sections:
  escrow: { items: [${ESCROW_ITEMS.join(', ')}], inventory: [markers] }
  registry: { prefix: WAZUH, coverage: [registry] }
owner_gates: [${ESCROW_GATE}, ${REGISTRY}]
`

/** A folder with an estate, an empty folder of markers, and the program in it; `all` keeps everything it ever printed. */
function makeShop() {
  const folder = newFolder()
  mkdirSync(path.join(folder, 'markers'))
  writeFileSync(path.join(folder, 'estate.yaml'), ESTATE)
  writeFileSync(path.join(folder, 'registry.txt'), 'PASS=1 WARN=0 BLOCKED=0\n')
  const printed: string[] = []
  const keep = (ran: Ran): Ran => {
    printed.push(ran.stdout, ran.stderr)
    return ran
  }
  const run = (...args: string[]): Ran => keep(runEvidence(folder, args))
  /** Many command lines in one process. */
  const all = (commandLines: string[][]): Ran[] => runMany(folder, commandLines).map(keep)
  const round = (id: string) => run('round', 'run', '--estate', 'estate.yaml', '--id', id, '--operator', 'Night Shift', '--quiet')
  const marking = (item: string, evidenceId: string, ...more: string[]) => [
    'escrow',
    'mark',
    '--item',
    item,
    '--evidence-id',
    evidenceId,
    '--markers',
    'markers',
    ...more,
  ]
  const mark = (...args: Parameters<typeof marking>) => run(...marking(...args))
  return { folder, run, all, round, marking, mark, printed: () => printed.join('') }
}
type Shop = ReturnType<typeof makeShop>

/** Packets of a round, and a response that answers all of them, in `filled.json`. */
function fillResponse({ folder, run }: Shop, round: string): void {
  expect(run('guard', 'packets', round, '--output', 'packets.json', '--template', 'response.json').code).toBe(0)
  const read = (name: string) => JSON.parse(readFileSync(path.join(folder, name), 'utf8'))
  const packets = read('packets.json') as { owner_packets: { required_evidence: { id: string; acceptable: string[] }[] }[] }
  const response = read('response.json') as { responses: { evidence: { id: string }[] }[] }
  const asked = packets.owner_packets.flatMap((packet) => packet.required_evidence)
  const now = Date.now()
  const iso = (ms: number): string => new Date(ms).toISOString()
  Object.assign(response, { owner_id: 'M. Owner', responded_at: iso(now), valid_until: iso(now + 86_400_000) })
  for (const [n, one] of response.responses.flatMap((gate) => gate.evidence).entries()) {
    const type = asked.find(({ id }) => id === one.id)?.acceptable.find((name) => name !== 'redacted_export_digest')
    Object.assign(one, { reference_type: type, reference: `REC-${100 + n}`, recorded_on: iso(now).slice(0, 10) })
  }
  writeFileSync(path.join(folder, 'filled.json'), JSON.stringify(response))
}

/** Days from now, as a date. */
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

const review = ({ run }: Shop, overrides: Record<string, string> = {}): Ran => run(...reviewing(overrides))

function reviewing(overrides: Record<string, string>): string[] {
  const options = {
    gate: ESCROW_GATE,
    'response-file': 'filled.json',
    reviewer: 'R. View',
    owner: 'M. Owner',
    decision: 'accepted',
    expires: inDays(90),
    ...overrides,
  }
  return ['review', 'record', 'shop-1', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])]
}

const markAll = (shop: Shop): void => {
  const answers = shop.all(ESCROW_ITEMS.flatMap((item) => [shop.marking(item, ESCROW_REFERENCE, '--dry-run'), shop.marking(item, ESCROW_REFERENCE)]))
  for (const [n, item] of ESCROW_ITEMS.entries()) {
    expect(answers[2 * n]?.stdout).toBe(`ESCROW_MARK_DRY_RUN_OK item=${item} marker_written=0 runtime_gate=0\n`)
    expect(answers[2 * n + 1]).toMatchObject({ code: 0, stdout: `ESCROW_MARK_OK item=${item} marker_written=1 runtime_gate=0\n` })
  }
}
const markersIn = ({ folder }: Shop): string[] => readdirSync(path.join(folder, 'markers')).sort()
const exported = ({ run }: Shop): string => run('ledger', 'export').stdout

describe('from five missing items to none', () => {
  const shop = makeShop()
  const { run } = shop

  test('nothing is there yet', () => {
    expect(shop.round('shop-1').stdout).toContain('FULL_STACK_GREEN_DR_ESCROW_BLOCKED')
    const status = run('escrow', 'status', '--estate', 'estate.yaml')
    const lines = ESCROW_ITEMS.map((item) => `WARN ${item} marker=missing review=none\n`).join('')
    expect(status).toMatchObject({ code: 1, stdout: `LOOK markers read\n${lines}SUMMARY PASS=0 WARN=5 BLOCKED=0\nESCROW_MISSING_COUNT=5\n` })
    expect(run('escrow', 'status', '--round', 'shop-1').stdout).toBe(status.stdout)
  })

  test('a review needs a preflight that was ready', () => {
    fillResponse(shop, 'shop-1')
    expect(review(shop)).toMatchObject({ code: 1, stdout: expect.stringMatching(/^REVIEW_REFUSED reason=response_not_preflighted runtime_gate=0\nREMEDY run/) })
    expect(run('guard', 'preflight', 'shop-1', '--response-file', 'response.json').code).toBe(1)
    expect(review(shop, { 'response-file': 'response.json' }).stdout).toMatch(/reason=response_not_preflighted /)
    expect(run('guard', 'preflight', 'shop-1', '--response-file', 'filled.json').code).toBe(0)
  })

  test('neither the owner nor the operator may review, and a review ends', () => {
    const refused: readonly (readonly [Record<string, string>, string])[] = [
      [{ reviewer: ' m. OWNER' }, 'reviewer_is_owner'],
      [{ reviewer: 'night  shift' }, 'reviewer_is_operator'],
      [{ owner: 'Somebody Else' }, 'owner_is_not_who_answered'],
      [{ gate: 'host_7_hygiene_maintenance_window' }, 'gate_not_required'],
      [{ expires: inDays(-1) }, 'expires_not_in_the_future'],
      [{ expires: inDays(400) }, 'expires_too_late'],
      [{ items: 'dns_registrar_recovery,coffee_machine' }, 'items_not_evidenced'],
      [{ 'packet-file': 'filled.json' }, 'packet_file_differs'],
    ]
    const answers = shop.all(refused.map(([overrides]) => reviewing(overrides)))
    for (const [n, [, reason]] of refused.entries()) {
      expect(answers[n]).toMatchObject({ code: 1, stdout: expect.stringMatching(new RegExp(`^REVIEW_REFUSED reason=${reason} runtime_gate=0\n`)) })
    }
    expect(exported(shop)).not.toContain('review.recorded.v1')
  })

  test('bad input is usage, and is not repeated', () => {
    for (const overrides of [{ reviewer: TOKEN_LIKE }, { owner: 'TODO' }, { expires: 'soon' }, { decision: 'maybe' }])
      expect(review(shop, overrides)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^evidence: usage: /) })
    expect(shop.printed()).not.toContain(TOKEN_LIKE)
  })

  test('the review says what it licenses, once', () => {
    const ran = review(shop, { 'packet-file': 'packets.json' })
    const until = `${inDays(90)}T00:00:00.000Z`
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toBe(
      `REVIEW_RECORDED decision=accepted gate=${ESCROW_GATE} items=${ESCROW_ITEMS.join(',')} expires_at=${until} runtime_gate=0\nLICENSES a later round until ${until}: these items count there, each together with its marker\nAUTHORIZES nothing else: no action, no host write, no other gate\n`,
    )
    expect(review(shop).stdout).toMatch(/^REVIEW_REFUSED reason=already_decided /)
    expect(run('guard', 'preflight', 'shop-1', '--response-file', 'filled.json').stdout).toContain('REASON already_used at /\n')
  })

  test('a review alone makes no item', () => {
    shop.round('shop-2')
    expect(run('summary', 'shop-2').stdout).toContain('ESCROW_MISSING_COUNT=5\n')
  })

  test('a marker needs a dry run of the same pair', () => {
    const item = 'dns_registrar_recovery'
    const refused = `ESCROW_MARK_REFUSED item=${item} reason=no_passed_dry_run marker_written=0 runtime_gate=0\nREMEDY the same command with --dry-run first\n`
    expect(shop.mark(item, ESCROW_REFERENCE)).toMatchObject({ code: 1, stdout: refused })
    expect(shop.mark(item, ESCROW_REFERENCE, '--dry-run').code).toBe(0)
    expect(shop.mark(item, 'SEALED-7F-022')).toMatchObject({ code: 1, stdout: refused })
    expect(shop.mark('oauth_ai_provider_recovery', ESCROW_REFERENCE).code).toBe(1)
    expect(markersIn(shop)).toEqual([])
  })

  test('markers are small files that a probe may read', () => {
    markAll(shop)
    expect(markersIn(shop)).toEqual(ESCROW_ITEMS.map((item) => `${item}.json`).sort())
    const file = path.join(shop.folder, 'markers', 'dns_registrar_recovery.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ item: 'dns_registrar_recovery', evidence_id: ESCROW_REFERENCE, marked_at: expect.any(String) })
    expect(statSync(file).mode & 0o777).toBe(0o644)
  })

  test('the next round counts them, and may say so', () => {
    shop.round('shop-3')
    expect(run('summary', 'shop-3').stdout).toMatch(/\nDR_ESCROW_BLOCKED=0\nESCROW_MISSING_COUNT=0\nESCROW_MISSING_ITEMS=none\n/)
    expect(run('guard', 'declaration', 'shop-3', '--declare', 'CREDENTIAL_ESCROW_COMPLETE', '--declare', 'FULL_STACK_GREEN').code).toBe(0)
    expect(run('guard', 'declaration', 'shop-3', '--declare', 'WAZUH_REGISTRY_RECOVERED').code).toBe(1)
    for (const source of [
      ['--estate', 'estate.yaml'],
      ['--round', 'shop-3'],
    ])
      expect(run('escrow', 'status', ...source)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/\nSUMMARY PASS=5 WARN=0 BLOCKED=0\nESCROW_MISSING_COUNT=0\n$/),
      })
    // The round before is what it was.
    expect(run('summary', 'shop-1').stdout).toContain('ESCROW_MISSING_COUNT=5\n')
  })

  test('a review of the registry gate makes the registry accepted', () => {
    expect(review(shop, { gate: REGISTRY }).stdout).toMatch(/^REVIEW_RECORDED decision=accepted gate=wazuh_manager_registry_export items=none /)
    shop.round('shop-4')
    expect(run('guard', 'declaration', 'shop-4', '--declare', 'WAZUH_REGISTRY_RECOVERED').code).toBe(0)
    expect(run('summary', 'shop-4').stdout).toContain('NEXT_REQUIRED_GATES=none\n')
  })

  test('a rejection takes it back', () => {
    expect(review(shop, { decision: 'rejected', reviewer: 'Second Reviewer' }).stdout).toMatch(/\nLICENSES nothing; an earlier acceptance/)
    shop.round('shop-5')
    expect(run('summary', 'shop-5').stdout).toContain('ESCROW_MISSING_COUNT=5\n')
    expect(run('escrow', 'status', '--estate', 'estate.yaml').stdout).toContain('WARN dns_registrar_recovery marker=present review=none\n')
    expect(review(shop).stdout).toMatch(/reason=already_decided /)
  })

  test('markers are no round: list, stats, verify, export and import', () => {
    const rounds = ['shop-1', 'shop-2', 'shop-3', 'shop-4', 'shop-5']
    const listed = (...more: string[]) =>
      (JSON.parse(run('round', 'list', '--json', ...more).stdout) as { artifact_id: string }[]).map((row) => row.artifact_id)
    expect(listed().sort()).toEqual(rounds)
    expect(run('ledger', 'verify').stdout).toMatch(/ rounds=5 sealed=5 unsealed=0 /)
    expect(run('ledger', 'stats').stdout).toContain('rounds 5 (5 sealed)\n')
    expect(run('ledger', 'export', '--output', 'all.ndjson').code).toBe(0)
    expect(run('round', 'import', 'all.ndjson', '--ledger', 'copy.db')).toMatchObject({ code: 0, stdout: expect.not.stringContaining('escrow-markers') })
    expect(listed('--ledger', 'copy.db').sort()).toEqual(rounds)
    const head = (...more: string[]) => /head=\S+/.exec(run('ledger', 'verify', ...more).stdout)?.[0]
    expect(head('--ledger', 'copy.db')).toBe(head())
    expect(run('round', 'show', 'escrow-markers')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^evidence: round_unknown: /) })
    expect(shop.round('escrow-markers')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^evidence: usage: escrow-markers is kept/) })
  })

  test('the evidence id is in the markers and nowhere else', () => {
    expect(shop.printed()).not.toContain(ESCROW_REFERENCE)
    expect(exported(shop)).not.toContain(ESCROW_REFERENCE)
    for (const file of readdirSync(shop.folder).filter((name) => name.includes('.db')))
      expect(readFileSync(path.join(shop.folder, file)).includes(ESCROW_REFERENCE), file).toBe(false)
  })
})

describe('what may not become a marker', () => {
  const shop = makeShop()
  const item = 'dns_registrar_recovery'
  const refused: readonly (readonly [string, string, RegExp])[] = [
    [item, 'VAULT-ITEM-ID', /^evidence: evidence_id_refused: the evidence id is placeholder;/],
    [item, 'EVIDENCE_ID_FOR_DNS_REGISTRAR_RECOVERY', /is placeholder;/],
    [item, '<vault item 9182>', /is placeholder;/],
    [item, TOKEN_LIKE, /is secret_like;/],
    [item, '0a1b2c3d4e5f60718293a4b5', /is secret_like;/],
    [item, ['-----BEGIN ', 'OPENSSH PRIVATE', ' KEY-----'].join(''), /is (malformed|placeholder|secret_like);/],
    [item, ['https://bob:', 'hunter77', '@vault.example.net/'].join(''), /is (placeholder|secret_like);/],
    ['my_secret_item_9182', 'SEALED-9182-A', /^evidence: escrow_item_unknown: the item is none of those in escrow\n {2}items: restic_repository_password, /],
  ]

  test('placeholders, secrets and unknown items: exit 2, nothing repeated, nothing stored', () => {
    shop.round('shop-1')
    const asked = refused.flatMap(([name, evidenceId, message]) =>
      [['--dry-run'], [], ['--dry-run', '--json']].map((more) => ({
        args: shop.marking(name, evidenceId, ...more),
        message: more.includes('--json') ? /^{/ : message,
      })),
    )
    const answers = shop.all(asked.map(({ args }) => args))
    for (const [n, { message }] of asked.entries()) {
      expect({ code: answers[n]?.code, stdout: answers[n]?.stdout }).toEqual({ code: 2, stdout: '' })
      expect(answers[n]?.stderr).toMatch(message)
    }
    // Words that slipped out of their option are not repeated either.
    expect(shop.mark(item, 'sealed', 'envelope-9182', '--dry-run').stderr).toMatch(/^evidence: usage: too many arguments/)
    expect(shop.mark(item, 'SEALED-9182-A', '--evidense-id=SEALED-9182-B').stderr).toMatch(/^evidence: usage: unknown option '--evidense-id'/)
    expect(markersIn(shop)).toEqual([])
    for (const text of [shop.printed(), exported(shop)]) {
      for (const [name, evidenceId] of refused.slice(1)) expect(text.includes(evidenceId) || (name !== item && text.includes(name))).toBe(false)
      expect(text).not.toMatch(/9182|escrow\.marked/)
    }
  })

  test('a folder that is not there is not made', () => {
    const ran = shop.run('escrow', 'mark', '--item', item, '--evidence-id', ESCROW_REFERENCE, '--markers', 'no-such-folder', '--dry-run')
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringMatching(/^evidence: file_unreadable: what --markers names is not a folder/) })
    expect(readdirSync(shop.folder)).not.toContain('no-such-folder')
  })

  test('the items are those of the estate where one is given', () => {
    const own = ESTATE.replace(ESCROW_ITEMS.join(', '), 'safe_combination')
    writeFileSync(path.join(shop.folder, 'own.yaml'), own)
    expect(shop.mark('safe_combination', ESCROW_REFERENCE, '--dry-run').code).toBe(2)
    expect(shop.mark('safe_combination', ESCROW_REFERENCE, '--dry-run', '--estate', 'own.yaml').code).toBe(0)
    expect(shop.mark(item, ESCROW_REFERENCE, '--dry-run', '--estate', 'own.yaml').code).toBe(2)
  })
})

describe('status tells what is wrong with a marker', () => {
  const shop = makeShop()
  const write = (item: string, content: unknown) =>
    writeFileSync(path.join(shop.folder, 'markers', `${item}.json`), typeof content === 'string' ? content : JSON.stringify(content))
  const status = () => shop.run('escrow', 'status', '--estate', 'estate.yaml')

  test('malformed, placeholder, secret-like, from the future; never the id', () => {
    shop.round('shop-1')
    const marked_at = new Date().toISOString()
    write('restic_repository_password', 'not json')
    write('offsite_provider_credentials', { item: 'offsite_provider_credentials', evidence_id: 'VAULT-ITEM-ID', marked_at })
    write('break_glass_admin_credentials', { item: 'break_glass_admin_credentials', evidence_id: TOKEN_LIKE, marked_at })
    write('dns_registrar_recovery', { item: 'dns_registrar_recovery', evidence_id: ESCROW_REFERENCE, marked_at: '2999-01-01T00:00:00.000Z' })
    const ran = status()
    expect(ran).toMatchObject({ code: 1, stderr: '' })
    expect(ran.stdout).toBe(
      [
        'LOOK markers read',
        'BLOCKED restic_repository_password marker=malformed review=none',
        'BLOCKED offsite_provider_credentials marker=placeholder review=none',
        'BLOCKED break_glass_admin_credentials marker=secret_like review=none',
        'WARN dns_registrar_recovery marker=not_current review=none',
        'WARN oauth_ai_provider_recovery marker=missing review=none',
        'SUMMARY PASS=0 WARN=2 BLOCKED=3',
        'ESCROW_MISSING_COUNT=5\n',
      ].join('\n'),
    )
    const json = JSON.parse(shop.run('escrow', 'status', '--estate', 'estate.yaml', '--json').stdout)
    expect(json).toMatchObject({ escrow_missing_count: 5, looks: [{ check: 'markers', outcome: 'read' }], runtime_gate: 0 })
    expect(shop.printed()).not.toMatch(new RegExp(`${TOKEN_LIKE}|${ESCROW_REFERENCE}|VAULT-ITEM-ID`))
  })

  test('a folder that cannot be looked at is not an empty one', () => {
    writeFileSync(path.join(shop.folder, 'estate.yaml'), ESTATE.replace('path: markers', 'path: elsewhere'))
    expect(status()).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^LOOK markers failed_unreachable\nBLOCKED restic_repository_password marker=not_observed /),
    })
  })

  test('without an escrow section, a source or a ledger: exit 2', () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [['--round', 'never-was-1'], /^evidence: round_unknown: /],
      [[], /^evidence: usage: name --estate to look now, or --round/],
      [['--estate', 'estate.yaml', '--ledger', 'none.db'], /^evidence: ledger_missing: /],
    ]
    for (const [args, message] of cases)
      expect(shop.run('escrow', 'status', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
  })
})
