import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { EstablishedNames } from '../../schemas/declarations.ts'
import { schemaProblems } from '../schemas/validator.ts'
import { LOCALHOST, newFolder, type Ran, ROUNDS_DIR, runEvidence, runMany } from './run-program.ts'

/** Rounds of one ledger: a real one of this machine and the recorded ones of two files. */
const folder = newFolder()
const REAL = 'real-round-1'
const BLOCKED = 'awoooi-post-reboot-readiness-20260627-115046'
const GREEN = 'awoooi-post-reboot-readiness-20260626-235600'
const PENDING = 'awoooi-post-reboot-readiness-20260626-184600'
const JOBS = 'awoooi-cold-start-20260618-134300'
const run = (...args: string[]) => runEvidence(folder, args)
const all = (...commandLines: string[][]) => runMany(folder, commandLines)
const imported = (name: string) => run('round', 'import', path.join(ROUNDS_DIR, name))

beforeAll(() => {
  expect(run('round', 'run', '--estate', LOCALHOST, '--id', REAL, '--quiet').code).toBe(0)
  expect(imported('june-26-to-27.yaml').code).toBe(0)
  expect(imported('june-06-to-18.yaml').code).toBe(0)
})

const roundIds = (): string[] => (JSON.parse(run('round', 'list', '--json').stdout) as { artifact_id: string }[]).map((row) => row.artifact_id)

describe('yes is 0, no is 1', () => {
  const cases: readonly (readonly [0 | 1, string[]])[] = [
    [0, ['round', 'show', REAL]],
    [1, ['round', 'show', BLOCKED]],
    [1, ['round', 'show', PENDING]],
    [0, ['round', 'show', GREEN]],
    [0, ['summary', REAL]],
    [1, ['summary', BLOCKED]],
    [0, ['guard', 'declaration', REAL]],
    [0, ['guard', 'declaration', BLOCKED]],
    [0, ['guard', 'declaration', REAL, '--declare', 'SERVICE_GREEN', '--declare', 'FULL_STACK_GREEN']],
    [1, ['guard', 'declaration', REAL, '--declare', 'SERVICE_GREEN', '--declare', 'DR_COMPLETE']],
    [1, ['guard', 'declaration', REAL, '--declare', 'NO_SUCH_DECLARATION']],
    [1, ['guard', 'declaration', REAL, '--declare', 'RUNTIME_ACTION_AUTHORIZED']],
    [0, ['guard', 'dispatch', REAL]],
    [0, ['guard', 'dispatch', GREEN]],
    [1, ['guard', 'dispatch', BLOCKED]],
    [0, ['guard', 'packets', GREEN]],
    [1, ['guard', 'preflight', GREEN]],
    [1, ['guard', 'preflight', GREEN, '--response-file', 'not-there.json']],
    [0, ['round', 'list']],
    [0, ['round', 'diff', GREEN, GREEN]],
    [1, ['round', 'diff', GREEN, BLOCKED]],
    [0, ['ledger', 'verify']],
    [0, ['ledger', 'stats']],
    [1, ['round', 'run', '--estate', LOCALHOST, '--id', 'partial-1', '--only', 'P0-HOST', '--quiet']],
  ]
  let answers: Ran[] = []
  beforeAll(() => {
    answers = all(...cases.map(([, args]) => args))
  })
  for (const [n, [code, args]] of cases.entries()) {
    test(`${code}: evidence ${args.join(' ').replace(LOCALHOST, 'ESTATE')}`, () => {
      expect(answers[n]).toMatchObject({ code, stdout: expect.stringMatching(/./) })
    })
  }
  test('and so it is for who starts the program', () => {
    for (const args of [
      ['summary', GREEN],
      ['summary', BLOCKED],
    ])
      expect([run(...args)]).toEqual(all(args))
  })
})

describe('--json fits the published schemas and says the same', () => {
  const guards: readonly (readonly [string, string])[] = [
    ['declaration', 'declaration-result'],
    ['dispatch', 'dispatch-result'],
    ['packets', 'packets'],
    ['preflight', 'preflight-result'],
  ]
  for (const [guard, schema] of guards) {
    test(guard, () => {
      const ids = [REAL, GREEN, BLOCKED]
      const texts = all(...ids.map((id) => ['guard', guard, id]))
      const jsons = all(...ids.map((id) => ['guard', guard, id, '--json']))
      expect(jsons.map(({ code }) => code)).toEqual(texts.map(({ code }) => code))
      for (const { stdout } of jsons) expect(schemaProblems(schema, JSON.parse(stdout))).toEqual([])
    })
  }
  test('contract, with the packets the program wrote', () => {
    expect(run('guard', 'packets', GREEN, '--output', 'packets.json', '--template', 'template.json').code).toBe(0)
    const text = run('guard', 'contract', GREEN, '--packet-file', 'packets.json')
    expect(text).toMatchObject({ code: 0, stdout: 'POST_REBOOT_OWNER_PACKET_CONTRACT_GUARD_OK gates=2 request_sent=0 accepted=0 runtime_gate=0\n' })
    expect(schemaProblems('contract-result', JSON.parse(run('guard', 'contract', GREEN, '--packet-file', 'packets.json', '--json').stdout))).toEqual([])
    const other = run('guard', 'contract', BLOCKED, '--packet-file', 'packets.json')
    expect(other.code).toBe(1)
    expect(other.stdout).toMatch(/^POST_REBOOT_OWNER_PACKET_CONTRACT_GUARD_BLOCKED reasons=round_mismatch,/)
    expect(schemaProblems('response', JSON.parse(readFileSync(path.join(folder, 'template.json'), 'utf8')))).toEqual([])
  })
  test('the template that was exported, sent back unchanged', () => {
    const { code, stdout } = run('guard', 'preflight', GREEN, '--response-file', 'template.json')
    expect(code).toBe(1)
    expect(stdout.split('\n')[0]).toBe(
      'POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_BLOCKED status=blocked_waiting_owner_response_content expected_gates=2 received=0 accepted=0 runtime_gate=0',
    )
  })
  test('snapshot and summary', () => {
    expect(schemaProblems('snapshot', JSON.parse(run('round', 'show', REAL, '--json').stdout))).toEqual([])
    const { values } = JSON.parse(run('summary', GREEN, '--json').stdout) as { values: unknown }
    expect(schemaProblems('summary', values)).toEqual([])
  })
  test('everything else that prints', () => {
    const asked = [
      ['round', 'list'],
      ['round', 'diff', GREEN, BLOCKED],
      ['ledger', 'stats'],
      ['ledger', 'verify'],
      ['round', 'rejudge', GREEN, '--policy', 'sop@1.24'],
    ]
    const answers = all(...asked.map((args) => [...args, '--json']))
    for (const [n, args] of asked.entries()) expect(JSON.parse(answers[n]?.stdout ?? ''), args.join(' ')).toBeTypeOf('object')
  })
})

describe('by id and by file', () => {
  test('`summary ID` is the file that the round wrote, byte for byte', () => {
    expect(run('summary', REAL).stdout).toBe(readFileSync(path.join(folder, 'out', REAL, 'summary.txt'), 'utf8'))
  })
  test('`summary --summary-file` gives the same bytes again', () => {
    expect(run('summary', '--summary-file', path.join('out', REAL, 'summary.txt')).stdout).toBe(run('summary', REAL).stdout)
  })
  test('guards say the same, byte for byte', () => {
    for (const id of [REAL, GREEN, PENDING]) {
      writeFileSync(path.join(folder, 'summary-of-it.txt'), run('summary', id).stdout)
      const guards = ['declaration', 'dispatch', 'packets', 'preflight']
      const byId = all(...guards.map((guard) => ['guard', guard, id, '--no-record']))
      const byFile = all(...guards.map((guard) => ['guard', guard, '--summary-file', 'summary-of-it.txt']))
      const said = (ran: Ran[]) => ran.map(({ code, stdout }, n) => ({ guard: guards[n], id, code, stdout }))
      expect(said(byFile)).toEqual(said(byId))
      expect(byId.map(({ stdout }) => stdout)).not.toContain('')
    }
  })
  test('a file has no key for what only checks establish: there it licenses less, and all else is the same', () => {
    writeFileSync(path.join(folder, 'summary-of-it.txt'), run('summary', BLOCKED).stdout)
    const linesOf = (...args: string[]): string[] =>
      run('guard', 'declaration', ...args)
        .stdout.trimEnd()
        .split('\n')
        .slice(1)
    const byId = linesOf(BLOCKED, '--no-record')
    const byFile = linesOf('--summary-file', 'summary-of-it.txt')
    const isEstablished = (line: string): boolean => (EstablishedNames as readonly string[]).includes(line.split(' ')[1] ?? '')
    expect(byFile.filter((line) => !isEstablished(line))).toEqual(byId.filter((line) => !isEstablished(line)))
    expect(byId.filter(isEstablished)).toContain('ALLOWED ARGOCD_HEALTHY because ARGOCD_HEALTHY=1 ROUND_INTEGRITY=legacy_unverified')
    for (const line of byFile.filter(isEstablished)) expect(line).toMatch(/^FORBIDDEN ([A-Z0-9_]+) because \1=unknown /)
    expect(run('guard', 'dispatch', '--summary-file', 'summary-of-it.txt').stdout).toBe(run('guard', 'dispatch', BLOCKED, '--no-record').stdout)
  })
  test('one changed character in the file: exit 2', () => {
    writeFileSync(path.join(folder, 'changed.txt'), run('summary', BLOCKED).stdout.replace('SERVICE_GREEN=0', 'SERVICE_GREEN=1'))
    const { code, stdout, stderr } = run('guard', 'declaration', '--summary-file', 'changed.txt')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^evidence: summary_invalid: changed\.txt: SUMMARY_DIGEST does not match/)
  })
  test('a file of the older tools is named by its folder, and every line says what it is', () => {
    const { code, stdout } = runEvidence(path.join(import.meta.dirname, '../guards'), ['guard', 'declaration', '--summary-file', 'legacy-summary.txt'])
    expect(code).toBe(0)
    for (const line of stdout.trimEnd().split('\n').slice(1)) expect(line).toContain('ROUND_INTEGRITY=legacy_unverified')
  })
})

describe('import and export', () => {
  test('importing again changes nothing', () => {
    const before = run('ledger', 'stats', '--json').stdout
    expect(imported('june-26-to-27.yaml')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^imported 0 events, 53 already there\n/) })
    expect(run('ledger', 'stats', '--json').stdout).toBe(before)
  })
  test('exported and imported elsewhere: the same summaries, roots and packets', () => {
    expect(run('ledger', 'export', '--output', 'all.ndjson').code).toBe(0)
    const elsewhere = newFolder()
    const there = (...args: string[]) => runEvidence(elsewhere, args)
    expect(there('round', 'import', path.join(folder, 'all.ndjson')).code).toBe(0)
    expect(there('ledger', 'verify').code).toBe(0)
    const asked = roundIds().map((id) => ['summary', id])
    expect(asked.length).toBeGreaterThan(15)
    expect(runMany(elsewhere, asked)).toEqual(all(...asked))
    expect(there('guard', 'packets', GREEN).stdout).toBe(run('guard', 'packets', GREEN).stdout)
    expect(there('round', 'import', path.join(folder, 'all.ndjson')).stdout).toMatch(/^imported 0 events, /)
  })
  test('an export never overwrites a file', () => {
    writeFileSync(path.join(folder, 'precious.txt'), 'precious')
    expect(run('ledger', 'export', '--output', 'precious.txt')).toMatchObject({ code: 3, stderr: expect.stringMatching(/output_unwritable.*EEXIST/) })
    expect(readFileSync(path.join(folder, 'precious.txt'), 'utf8')).toBe('precious')
  })
  test('one bad line refuses the whole file, before the first event', () => {
    const lines = run('ledger', 'export', '--round', REAL).stdout
    writeFileSync(path.join(folder, 'bad.ndjson'), `${lines}{"specversion":"1.0"}\n`)
    const ran = runEvidence(folder, ['round', 'import', 'bad.ndjson', '--ledger', 'fresh.db'])
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(new RegExp(`^evidence: import_invalid: line ${lines.trimEnd().split('\n').length + 1}: `))
  })
})

describe('judged again', () => {
  test('rejudge says policy, result and every difference, and its answer is the new one', () => {
    const old = run('round', 'rejudge', JOBS, '--policy', 'sop@1.24')
    expect(old.code).toBe(1)
    expect(old.stdout).toMatch(/^round awoooi-cold-start-20260618-134300\nPOLICY sop@1\.\d+ -> sop@1\.24\nRESULT [A-Z_]+ -> [A-Z_]+\n/)
    expect(old.stdout).toMatch(/^(CHECK|KEY) /m)
  })
  test('the version that is not there is the newest before it', () => {
    expect(run('round', 'rejudge', JOBS, '--policy', 'sop@1.27').stdout).toContain('-> sop@1.25\n')
    expect(run('round', 'rejudge', JOBS, '--policy', 'sop@1.9').stdout).toContain('-> sop@1.24\n')
    expect(run('round', 'rejudge', JOBS, '--policy', 'sop@99').stdout).toContain('-> sop@1.78\n')
  })
  test('judging again changes nothing that the ledger says', () => {
    const before = run('summary', JOBS).stdout
    run('round', 'rejudge', JOBS, '--policy', 'sop@1.24')
    expect(run('summary', JOBS).stdout).toBe(before)
  })
  test('diff names checks and keys, and is silent about equal rounds', () => {
    expect(run('round', 'diff', GREEN, GREEN).stdout).toBe('no difference\n')
    expect(run('round', 'diff', GREEN, BLOCKED).stdout).toContain('KEY OVERALL_DECLARATION: FULL_STACK_GREEN_DR_ESCROW_BLOCKED -> BLOCKED\n')
  })
})

describe('the same bytes on any machine', () => {
  const places = [{}, { TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' }, { TZ: 'America/St_Johns', LC_ALL: 'C', LANG: 'ja_JP.UTF-8' }]
  test('events of recorded rounds, summaries, guards and packets, in other time zones and languages', () => {
    const outputs = places.map((env) => {
      const own = newFolder()
      const guards = ['declaration', 'dispatch', 'packets', 'preflight'].flatMap((guard) => [GREEN, PENDING].map((id) => ['guard', guard, id, '--no-record']))
      const [imported, ...answers] = runMany(
        own,
        [
          ['round', 'import', path.join(ROUNDS_DIR, 'june-26-to-27.yaml')],
          ...[
            ['ledger', 'export'],
            ['summary', PENDING],
            ['round', 'show', BLOCKED],
            ['round', 'list'],
          ],
          ...guards,
        ],
        { env },
      )
      expect(imported).toMatchObject({ code: 0, stderr: '' })
      for (const { stdout } of answers) expect(stdout).not.toBe('')
      return answers
    })
    expect(outputs[1]).toEqual(outputs[0])
    expect(outputs[2]).toEqual(outputs[0])
  })
})

test('`evidence start` runs, shows everything and proves the ledger', () => {
  const own = newFolder()
  const { code, stdout } = runEvidence(own, ['start'])
  expect(code).toBe(0)
  for (const part of [
    '\nSummary\nSUMMARY_SCHEMA=',
    '\nDeclarations\nPOST_REBOOT_DECLARATION_GUARD_OK',
    '\nNext gates\nPOST_REBOOT_NEXT_GATE_DISPATCH',
    '\nProof\nledger verified',
    '\nRESULT FULL_STACK_GREEN',
  ]) {
    expect(stdout).toContain(part)
  }
})
