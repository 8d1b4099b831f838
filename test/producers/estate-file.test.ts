import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadEstate, readEstate } from '../../producers/estate-file.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { EvidenceError } from '../../schemas/errors.ts'

const HEAD = `estate: demo
version: "1"
policy: sop@1.78
`
const GOOD = `${HEAD}gates:
  - {id: P0-NETWORK}
checks:
  - id: web
    gate: P0-NETWORK
    kind: http
    url: http://127.0.0.1/
`

/** Lines `line:column: path: message` of the refusal, without the file name. */
function problemsOf(text: string, allowRecordedKinds = false): string[] {
  try {
    readEstate(text, 'e.yaml', { allowRecordedKinds })
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code !== 'estate_invalid') throw error
    return error.message.split('\n').map((one) => one.replace(/^e\.yaml:/, ''))
  }
  return []
}

/** An estate with these checks (YAML, two spaces in) and whatever else. */
const withChecks = (checks: string, rest = ''): string => `${HEAD}gates:\n  - {id: G}\nchecks:\n${checks}${rest}`

test('a good estate comes with its defaults, a digest of itself and its folder', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'estate-'))
  const file = path.join(dir, 'estate.yaml')
  await writeFile(file, GOOD)
  const loaded = await loadEstate(file)
  expect(loaded.baseDir).toBe(dir)
  expect(loaded.path).toBe(file)
  expect(loaded.estate.defaults).toEqual({ timeout_ms: 5000, attempts: 1, backoff_ms: 500, ttl_s: 3600 })
  expect(loaded.estate.checks[0]).toMatchObject({ severity: 'blocked', part: 'cold_start', method: 'GET', expect: '2xx' })
  expect(loaded.digest).toBe(canonicalDigest(loaded.estate))
})

test('comments and order do not change the digest, a changed setting does', () => {
  const rules = { allowRecordedKinds: false }
  const digest = readEstate(GOOD, 'a', rules).digest
  expect(readEstate(`# hello\n${GOOD}`, 'b', rules).digest).toBe(digest)
  expect(readEstate(GOOD.replace('127.0.0.1', '127.0.0.2'), 'c', rules).digest).not.toBe(digest)
})

test('an unreadable, too large or binary file is refused in one clear line', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'estate-'))
  await expect(loadEstate(path.join(dir, 'none.yaml'))).rejects.toMatchObject({ code: 'file_unreadable' })
  await expect(loadEstate(dir)).rejects.toMatchObject({ code: 'file_unreadable', message: expect.stringContaining('EISDIR') })
  const large = path.join(dir, 'large.yaml')
  await writeFile(large, `${GOOD}# ${'x'.repeat(1_048_576)}`)
  await expect(loadEstate(large)).rejects.toMatchObject({ code: 'estate_invalid', message: `${large}: larger than 1 MiB` })
  const binary = path.join(dir, 'binary.yaml')
  await writeFile(binary, Buffer.concat([Buffer.from(GOOD), Buffer.from([0xff, 0xfe])]))
  await expect(loadEstate(binary)).rejects.toMatchObject({ code: 'estate_invalid', message: `${binary}: not UTF-8 text` })
})

test.each([
  ['duplicate key', `${GOOD}version: "2"\n`, ['11:1: Map keys must be unique']],
  ['tab', 'estate: demo\n\tversion: 1\n', ['2:1: Tabs are not allowed as indentation']],
  ['tag', GOOD.replace('estate: demo', 'estate: !!str demo'), ['1:15: tags are not used here']],
  ['own tag', GOOD.replace('estate: demo', 'estate: !env demo'), expect.arrayContaining([expect.stringMatching(/^1:9: /)])],
  ['YAML 1.1', `%YAML 1.1\n---\n${GOOD}`, ['1:1: only YAML 1.2 is read']],
  ['two documents', `${GOOD}---\n${GOOD}`, [expect.stringMatching(/^11:1: Source contains multiple documents/)]],
  ['key that is a list', `? [a]\n: 1\n`, ['1:3: a key is a plain word']],
  ['empty file', '', ['1:1: estate file: expected object, received null']],
  ['list', '- 1\n', ['1:1: estate file: expected object, received array']],
  ['unknown anchor', `${GOOD}owner_gates: *x\n`, [expect.stringMatching(/^11:14: aliases: /)]],
])('YAML that two readers could take differently is refused: %s', (_, text, lines) => {
  expect(problemsOf(text)).toEqual(lines)
})

test('a bomb of aliases is refused, a shared list is not', () => {
  const bomb = `a: &a [x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c]\n`
  expect(problemsOf(bomb)).toEqual([expect.stringMatching(/^2:8: aliases: Excessive alias count/)])
  const shared = withChecks(
    `  - {id: a, gate: G, kind: http, url: "http://x", expect: &ok [2xx, "401"]}\n  - {id: b, gate: G, kind: http, url: "http://y", expect: *ok}\n`,
  )
  expect(problemsOf(shared)).toEqual([])
})

test('a problem inside an aliased value points at where it is written', () => {
  const text = withChecks(
    `  - {id: a, gate: G, kind: http, url: "http://x", expect: &ok [2xx, "700"]}\n  - {id: b, gate: G, kind: http, url: "http://y", expect: *ok}\n`,
  )
  expect(problemsOf(text)).toEqual(['7:69: checks[0].expect[1]: a status such as 2xx or 401', '7:69: checks[1].expect[1]: a status such as 2xx or 401'])
})

test('an unknown key is pointed at and the nearest known one is named', () => {
  const text = `${GOOD}    sverity: warn\n    body: {contain: x}\nlimit: {}\nlimits: {perhost: 1}\nzzz: 1\n`
  expect(problemsOf(text)).toEqual([
    '11:5: checks[0].sverity: unknown key; did you mean `severity`?',
    '12:11: checks[0].body.contains: is required',
    '12:12: checks[0].body.contain: unknown key; did you mean `contains`?',
    '13:1: limit: unknown key; did you mean `limits`?',
    '14:10: limits.perhost: unknown key; did you mean `per_host`?',
    '15:1: zzz: unknown key',
  ])
})

test('a key of another kind is not suggested', () => {
  expect(problemsOf(withChecks('  - {id: a, gate: G, kind: tcp, address: x, port: 1, urll: y}\n'))).toEqual(['7:54: checks[0].urll: unknown key'])
})

test('wrong values are named at their place', () => {
  const text = withChecks(
    `  - {id: a, gate: G, kind: htpp, url: "http://x"}
  - {id: b, gate: G, url: "http://x"}
  - id: c
    gate: G
    kind: http
    severity: blockd
    timeout_ms: 5
  - {id: d, gate: G, kind: command, command: x, matches: "("}
  - {id: e, gate: G, kind: textfile, path: /x, metrics: [{name: up, labels: {1a: x}}]}
`,
  ).replace('version: "1"', 'version: 1.0')
  expect(problemsOf(text)).toEqual([
    '2:10: version: expected string, received number; put it in quotes',
    expect.stringMatching(/^7:28: checks\[0\]\.kind: expected one of tcp, http, .*; did you mean `http`\?$/),
    expect.stringMatching(/^8:5: checks\[1\]\.kind: is required: one of tcp, http, /),
    '9:5: checks[2].url: is required',
    '12:15: checks[2].severity: expected one of blocked, warn; did you mean `blocked`?',
    '13:17: checks[2].timeout_ms: expected number to be >=100',
    '14:58: checks[3].matches: not a valid regular expression',
    expect.stringMatching(/^15:78: checks\[4\]\.metrics\[0\]\.labels\.1a: must match pattern/),
  ])
})

test('twenty problems are printed and the rest counted', () => {
  const lines = problemsOf(`${GOOD}${Array.from({ length: 25 }, (_, n) => `x${n}: 1\n`).join('')}`)
  expect(lines).toHaveLength(21)
  expect(lines.at(-1)).toBe('and 5 more')
})

test('whatever is in the file, it is read or refused with a place, never a crash', () => {
  const edits = fc.array(
    fc.record({
      at: fc.nat(GOOD.length),
      cut: fc.nat(3),
      put: fc.constantFrom('', ' ', '\n', ':', '-', '[', '{', '"', '&a ', '*a', '!!x ', '#', '1', '__proto__: 1\n', '<<: ', '\ud800'),
    }),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(edits, (all) => {
      const text = all.reduce((rest, { at, cut, put }) => rest.slice(0, at) + put + rest.slice(at + cut), GOOD)
      for (const one of problemsOf(text)) expect(one).toMatch(/^(\d+:\d+: |\D)/)
    }),
    { numRuns: 2000 },
  )
})

test('an inherited name is no key', () => {
  expect(problemsOf(`${GOOD}__proto__: {a: 1}\nconstructor: 1\n`)).toEqual(['11:1: __proto__: unknown key', '12:1: constructor: unknown key'])
})
