import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadRecordedRounds, recordedRoundEvents } from '../../producers/recorded-round.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type EncodedEvent, type EvidenceEvent, parseEvent } from '../../schemas/event.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const ESTATE = path.join(ROOT, 'examples/awoooi/recorded-estate.yaml')

async function writeRounds(text: string): Promise<string> {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'recorded-')), 'rounds.yaml')
  await writeFile(file, text)
  return file
}

/** One round with these evidence lines (YAML flow, one an entry); the first entry is on line 9. */
const withEvidence = (...entries: string[]): string => `recorded_rounds: evidence_recorded_rounds_v1
estate: ${ESTATE}
rounds:
  - id: some-round
    at: "2026-06-26T06:26:00+08:00"
    policy: sop@1.61
    source: {document: book.md, find: words}
    evidence:
${entries.map((entry) => `      - ${entry}\n`).join('')}`

async function eventsOf(text: string): Promise<EvidenceEvent[]> {
  const { estate, rounds } = await loadRecordedRounds(await writeRounds(text))
  return rounds.flatMap((round) => recordedRoundEvents(round, estate.estate, estate.digest)).map(decode)
}

function decode({ bytes }: EncodedEvent): EvidenceEvent {
  return parseEvent(JSON.parse(Buffer.from(bytes).toString('utf8')))
}

async function problemsOf(text: string): Promise<string[]> {
  const file = await writeRounds(text)
  try {
    await loadRecordedRounds(file)
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code !== 'import_invalid') throw error
    return error.message.split('\n').map((one) => one.replace(`${file}:`, ''))
  }
  return []
}

test('the example of docs/recorded-rounds.md is read as the page says', async () => {
  const page = await readFile(path.join(ROOT, 'docs/recorded-rounds.md'), 'utf8')
  const yaml = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const events = await eventsOf(yaml.replace('recorded-estate.yaml', ESTATE))
  expect(events.map((event) => event.type)).toEqual([
    'round.opened.v1',
    'evidence.report.delegated.v1',
    'evidence.report.delegated.v1',
    'evidence.freshness.observed.v1',
    'evidence.http.observed.v1',
    'round.sealed.v1',
  ])
  const [opened, cold, backup, freshness, http, sealed] = events
  expect(opened?.data).toMatchObject({
    policy: { id: 'sop', version: '1.61' },
    recorded: { document: 'full-stack-cold-start-sop-v1.78.md' },
    options: { skipped_parts: ['cpu'] },
    operator: 'recorded',
    boots: [],
    reviews: [],
  })
  expect(cold?.data).toMatchObject({ pass: 71, result: 'BLOCKED', blockers: [{ text: '120 ping', class: 'other', gate: 'P0-NETWORK' }] })
  expect(backup?.data).toMatchObject({ pass: null, result: null, keys: { BACKUP_CORE_BLOCKERS: '0' } })
  expect(freshness?.data).toMatchObject({ facts: { latest_date: '2026-06-24', age_days: 1, status: null, blockers: null } })
  expect(http?.data).toMatchObject({
    attempts: [
      { outcome: 'unreachable', status: null },
      { outcome: 'ok', status: 200 },
    ],
    facts: { status: 200 },
  })
  expect(sealed?.data).toMatchObject({ count: 5 })
})

test('a round expects exactly the checks it mentions, each once, in the order of the estate', async () => {
  const [opened] = await eventsOf(
    withEvidence(
      '{check: wrapper-route-stock, http_attempts: ["200"]}',
      '{check: momo-source, facts: {available: false}}',
      '{check: wrapper-route-stock, http_attempts: ["502"]}',
    ),
  )
  expect(opened?.type === 'round.opened.v1' && opened.data.expected.map((one) => one.id)).toEqual(['momo-source', 'wrapper-route-stock'])
})

test('the same file gives the same bytes; ids are different UUIDv7 of the record’s time', async () => {
  const text = withEvidence('{check: wrapper-route-stock, http_attempts: ["200"]}', '{check: wrapper-route-stock, http_attempts: ["502"]}')
  const first = await eventsOf(text)
  expect(await eventsOf(text)).toEqual(first)
  expect(new Set(first.map((event) => event.id)).size).toBe(4)
  for (const event of first) {
    expect(event.time).toBe('2026-06-25T22:26:00.000Z')
    expect(Number.parseInt(event.id.replace('-', '').slice(0, 12), 16)).toBe(Date.parse(event.time))
  }
})

test('an entry keeps its id when another check is added before it', async () => {
  const source = '{check: momo-source, facts: {available: false}}'
  const alone = await eventsOf(withEvidence(source))
  const after = await eventsOf(withEvidence('{check: wrapper-route-stock, http_attempts: ["200"]}', source))
  expect(after[2]?.id).toBe(alone[1]?.id)
})

test('tries without any answer are a look that failed, an unexpected status is an answer', async () => {
  const events = await eventsOf(
    withEvidence('{check: wrapper-route-stock, http_attempts: ["000", "000"]}', '{check: wrapper-route-momo, http_attempts: ["502", "000"]}'),
  )
  expect(events[1]).toMatchObject({ type: 'evidence.check.failed.v1', data: { reason: 'unreachable', attempts: [{}, { outcome: 'unreachable' }] } })
  expect(events[2]).toMatchObject({
    type: 'evidence.http.observed.v1',
    data: { attempts: [{ outcome: 'unmet' }, { outcome: 'unreachable' }], facts: { status: 502 } },
  })
})

test('facts left out are null at every depth, and where the kind needs one the file is refused', async () => {
  const [, host] = await eventsOf(withEvidence('{check: host-188-hygiene, facts: {systemd: {present: true, state: degraded}}}'))
  expect(host?.data).toMatchObject({ facts: { systemd: { state: 'degraded', failed_units: null }, disks: null, boot_time: null } })
  expect(await problemsOf(withEvidence('{check: argocd-awoooi, facts: {application: a, sync: Synced}}'))).toEqual([
    '9:39: rounds[0].evidence[0].facts.health: is required',
  ])
})

test('a body belongs to the last answer, and a textfile is as old as the record says', async () => {
  const estate = path.join(ROOT, 'examples/awoooi/estate.yaml')
  const written = '2026-06-25T22:20:00.000Z'
  const text = withEvidence(
    '{check: awoooi-api, http_attempts: ["502", "200", "000"], body_ok: true}',
    `{check: backup-health-188, as_of: "${written}", facts: {jobs_total: 2}}`,
  ).replace(ESTATE, estate)
  const events = await eventsOf(text)
  expect(events[1]?.data).toMatchObject({ attempts: [{ body_ok: null }, { body_ok: true, outcome: 'ok' }, { body_ok: null }], facts: { status: 200 } })
  expect(events[2]?.data).toMatchObject({ as_of: written, facts: { jobs_total: 2, jobs_stale: null } })
  expect(await problemsOf(withEvidence('{check: wrapper-route-stock, http_attempts: ["200"], body_ok: true}'))).toEqual([
    expect.stringMatching(/body_ok: the check asserts no body$/),
  ])
})

test.each([
  [
    'unknown check',
    '{check: momo-sorce, facts: {available: true}}',
    ['9:17: rounds[0].evidence[0].check: unknown check `momo-sorce`; did you mean `momo-source`?'],
  ],
  [
    'unknown fact',
    '{check: momo-source, facts: {available: true, candidats: 1}}',
    ['9:55: rounds[0].evidence[0].facts.candidats: unknown key; did you mean `candidates`?'],
  ],
  ['unknown key of a report', '{check: backup-status, report: {warns: 1}}', ['9:41: rounds[0].evidence[0].report.warns: unknown key; did you mean `warn`?']],
  [
    'unknown result',
    '{check: delegated-cold-start, report: {result: GREENISH}}',
    [expect.stringMatching(/^9:5\d: rounds\[0\]\.evidence\[0\]\.report\.result: /)],
  ],
  ['wrong form', '{check: momo-source, http_attempts: ["200"]}', ['9:30: rounds[0].evidence[0].http_attempts: a source-presence check takes `facts`']],
  ['facts of an http check', '{check: wrapper-route-stock, facts: {status: 200}}', ['9:38: rounds[0].evidence[0].facts: a http check takes `http_attempts`']],
  [
    'unknown gate',
    '{check: delegated-cold-start, report: {blockers: [{text: a, class: other, gate: P0-NETWORKS}]}}',
    [expect.stringMatching(/gate: unknown gate `P0-NETWORKS`; did you mean `P0-NETWORK`\?$/)],
  ],
  ['secret', '{check: delegated-cold-start, report: {warnings: ["token=abcdef1234567890"]}}', [expect.stringMatching(/warnings\[0\]: looks like a secret$/)]],
])('refused with its place: %s', async (_, entry, lines) => {
  expect(await problemsOf(withEvidence(entry))).toEqual(lines)
})

test('an impossible time, another policy and an id given twice are refused', async () => {
  const entry = '{check: momo-source, facts: {available: true}}'
  const good = withEvidence(entry)
  expect(await problemsOf(good.replace('06-26T06', '06-31T06'))).toEqual(['5:9: rounds[0].at: there is no such time'])
  expect(await problemsOf(good.replace('sop@1.61', 'nist@1'))).toEqual(['6:13: rounds[0].policy: a policy is sop@version, such as sop@1.78'])
  const second = good.slice(good.indexOf('  - id'))
  expect(await problemsOf(good + second)).toEqual(['10:9: rounds[1].id: `some-round` is there twice'])
})

test('a round that does not fit another estate is refused, not shortened', async () => {
  const { estate, rounds } = await loadRecordedRounds(await writeRounds(withEvidence('{check: momo-source, facts: {available: true}}')))
  const [round] = rounds
  const smaller = { ...estate.estate, checks: estate.estate.checks.filter((check) => check.id !== 'momo-source') }
  expect(() => round && recordedRoundEvents(round, smaller, estate.digest)).toThrow(/does not fit estate awoooi: evidence\.0\.check: unknown check/)
})
