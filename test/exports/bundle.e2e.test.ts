import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { newFolder, plainEnvironment, ROOT, runEvidence } from '../cli/run-program.ts'
import { makeRound } from '../support/make-events.ts'
import { toText } from './bundle-fixtures.ts'

const folder = newFolder()
const far = newFolder()
const ROUND = 'far-away-1'
/** With owner gates that are open. */
const GATED = 'golden-green-1'
const GOLDEN = path.join(ROOT, 'test/golden')
/** The real binary: the launcher in node_modules/.bin is a script of npm's. */
const REAL_NODE = process.execPath

beforeAll(() => {
  expect(runEvidence(folder, ['round', 'import', path.join(GOLDEN, 'green/events.ndjson')]).code).toBe(0)
  writeFileSync(
    path.join(folder, 'far.ndjson'),
    makeRound(ROUND, 2)
      .map((event) => `${toText(event)}\n`)
      .join(''),
  )
  expect(runEvidence(folder, ['round', 'import', 'far.ndjson']).code).toBe(0)
  expect(runEvidence(folder, ['guard', 'declaration', ROUND]).code).toBe(0)
  expect(runEvidence(folder, ['bundle', 'export', ROUND, '--output', 'round.tar']).code).toBe(0)
  // What an auditor has: the source folders, the two libraries that verifying imports, and Node. No ledger, no estate.
  for (const name of ['cli', 'api/actions', 'api/exports', 'guards', 'ledger', 'projector', 'schemas', 'package.json']) copy(name)
  for (const name of ['commander', 'zod']) copy(`node_modules/${name}`)
  cpSync(path.join(folder, 'round.tar'), path.join(far, 'round.tar'))
})

function copy(name: string): void {
  mkdirSync(path.dirname(path.join(far, 'evidence', name)), { recursive: true })
  cpSync(path.join(ROOT, name), path.join(far, 'evidence', name), { recursive: true })
}

/** Verifies in the copy: an empty home, no environment, and a Node that may read the copy and the bundle and nothing else. */
function verifyFar(file: string, ...more: string[]) {
  const readable = [path.join(far, 'evidence'), path.join(far, file)].map((one) => `--allow-fs-read=${one}`)
  return spawnSync(REAL_NODE, ['--permission', ...readable, path.join(far, 'evidence/cli/evidence.js'), 'bundle', 'verify', path.join(far, file), ...more], {
    cwd: '/',
    env: { HOME: path.join(far, 'nobody'), NODE_DISABLE_COMPILE_CACHE: '1' },
    encoding: 'utf8',
  })
}

function changed(name: string, change: (bytes: Buffer) => Buffer): string {
  writeFileSync(path.join(far, name), change(readFileSync(path.join(far, 'round.tar'))))
  return name
}

describe('a bundle made on a ledger', () => {
  it('is verified where there is nothing but Node, two libraries and the file', () => {
    const { status, stdout, stderr } = verifyFar('round.tar')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')[0]).toBe(`EVIDENCE_BUNDLE_EQUAL artifact=${ROUND} integrity=verified`)
    expect(stdout).toMatch(/^DECISIONS=1$/m)
    expect(stdout.match(/^NOT_PROVEN /gm)).toHaveLength(4)
  })

  it('that differs is exit 1, and JSON says where', () => {
    const file = changed('changed.tar', (bytes) => {
      bytes[bytes.indexOf('"evidence.')] = 0x27
      return bytes
    })
    const { status, stdout } = verifyFar(file, '--json')
    expect([status, JSON.parse(stdout)]).toEqual([
      1,
      expect.objectContaining({
        status: 'differs',
        ok: false,
        facts: null,
        first_difference: expect.objectContaining({ file: 'events.ndjson', place: 'line 2' }),
      }),
    ])
  })

  it('of a round that rests on a review which is not there is equal, and exit 1', () => {
    expect(runEvidence(folder, ['bundle', 'export', GATED, '--output', 'gated.tar']).code).toBe(0)
    const { code, stdout } = runEvidence(folder, ['bundle', 'verify', 'gated.tar'])
    expect([code, stdout.split('\n')[0]]).toEqual([1, 'EVIDENCE_BUNDLE_EQUAL_BUT_NOT_PROVED reason=review_missing'])
  })

  it.each<[string, (bytes: Buffer) => Buffer, number]>([
    ['truncated', (bytes) => bytes.subarray(0, bytes.length - 700), 1],
    ['longer', (bytes) => Buffer.concat([bytes, Buffer.alloc(512)]), 1],
    ['without its first block', (bytes) => bytes.subarray(512), 2],
    ['empty', () => Buffer.alloc(0), 2],
    ['another kind of file', () => Buffer.from('PK\u0003\u0004 and so on'), 2],
  ])('%s is a clear exit code', (name, change, code) => {
    const { status, stdout, stderr } = verifyFar(changed('odd.tar', change))
    expect(`${name} ${status}`).toBe(`${name} ${code}`)
    expect(code === 1 ? stdout : stderr).toMatch(
      code === 1 ? /^EVIDENCE_BUNDLE_DIFFERS step=archive_form / : /^evidence: bundle_invalid: not an audit bundle: /,
    )
  })

  it('of a round that was never sealed is equal, exit 1, and no word of green', () => {
    const lines = makeRound(ROUND, 2).slice(0, -1).map(toText)
    const open = newFolder()
    writeFileSync(path.join(open, 'open.ndjson'), `${lines.join('\n')}\n`)
    expect(runEvidence(open, ['round', 'import', 'open.ndjson']).code).toBe(0)
    expect(JSON.parse(runEvidence(open, ['bundle', 'export', ROUND, '--output', 'open.tar', '--json']).stdout)).toMatchObject({ round_integrity: 'unsealed' })
    const { code, stdout } = runEvidence(open, ['bundle', 'verify', 'open.tar'])
    expect([code, stdout.split('\n')[0]]).toEqual([1, 'EVIDENCE_BUNDLE_EQUAL_BUT_NOT_PROVED reason=round_unsealed'])
    expect(stdout).not.toMatch(/GREEN/)
  })
})

it('verifying imports zod and node:crypto, and nothing else that is not ours', () => {
  const seen = new Set<string>()
  const foreign = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [line, target = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?:[^'"]*? from )?'([^']+)'/gm)) {
      if (line.startsWith('import type ')) continue
      if (target.startsWith('.')) visit(path.join(path.dirname(file), target))
      else foreign.add(target)
    }
  }
  visit(path.join(ROOT, 'api/exports/verify-bundle.ts'))
  expect([[...foreign].sort(), seen.size > 30]).toEqual([['node:crypto', 'zod'], true])
})

it('a usage error is exit 2 with one clear line', () => {
  for (const [args, message] of [
    [['bundle', 'export', 'never-was-1'], /^evidence: round_unknown: /],
    [['bundle', 'export'], /^evidence: usage: missing required argument 'round'/],
    [['bundle', 'verify'], /^evidence: usage: missing required argument 'file'/],
    [['bundle', 'verify', 'none.tar'], /^evidence: file_unreadable: cannot read none.tar: ENOENT/],
    [['bundle', 'verify', '.'], /^evidence: file_unreadable: \. is a folder/],
    [['export', 'pdf', ROUND], /^evidence: usage: unknown command 'pdf'/],
  ] as const) {
    const { code, stdout, stderr } = runEvidence(folder, [...args])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  }
})

describe('the other forms', () => {
  it('come the same every time, on stdout and in a file', () => {
    for (const form of ['in-toto', 'oscal']) {
      const { code, stdout, stderr } = runEvidence(folder, ['export', form, ROUND])
      expect([code, stderr]).toEqual([0, ''])
      expect(runEvidence(folder, ['export', form, ROUND, '--output', `${form}.json`]).code).toBe(0)
      expect(readFileSync(path.join(folder, `${form}.json`), 'utf8')).toBe(stdout)
    }
    const statement = JSON.parse(readFileSync(path.join(folder, 'in-toto.json'), 'utf8'))
    expect(statement.predicate.result).toBe('PASSED')
    expect(runEvidence(folder, ['export', 'oscal', 'never-was-1']).code).toBe(2)
    expect(runEvidence(folder, ['export', 'in-toto', ROUND, '--policy', 'sop@']).code).toBe(2)
  })

  it('have the digest of the bundle that is exported beside them', () => {
    const bundle = JSON.parse(runEvidence(folder, ['bundle', 'export', ROUND, '--output', 'again.tar', '--json']).stdout)
    const { subject } = JSON.parse(runEvidence(folder, ['export', 'in-toto', ROUND]).stdout)
    expect(`sha256:${subject[0].digest.sha256}`).toBe(bundle.bundle_digest)
    expect(readFileSync(path.join(folder, 'again.tar')).equals(readFileSync(path.join(folder, 'round.tar')))).toBe(true)
  })

  it('owner packets are a page, in both languages', () => {
    const run = (lang: string) =>
      runEvidence(folder, ['guard', 'packets', GATED, '--no-record', '--output', 'p.json', '--html', `${lang}.html`, '--lang', lang])
    expect([run('en').code, run('zh-Hant').code, run('fr').code]).toEqual([0, 0, 2])
    expect(readFileSync(path.join(folder, 'en.html'), 'utf8')).toContain('<h1>Owner packets</h1>')
    expect(readFileSync(path.join(folder, 'zh-Hant.html'), 'utf8')).toContain('<h1>負責人資料包</h1>')
  })
})

it('a member of the bundle that tar unpacks is checked by sha256sum', () => {
  const ran = spawnSync('sh', ['-c', `tar xf round.tar && cd ${ROUND} && sha256sum --check --strict SHA256SUMS`], {
    cwd: far,
    env: plainEnvironment(),
    encoding: 'utf8',
  })
  expect([ran.status, ran.stdout.match(/: OK$/gm)?.length]).toEqual([0, 14])
})
