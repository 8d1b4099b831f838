import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { addEvidenceCommands } from '../../cli/commands.ts'
import { TOOL } from '../../schemas/tool.ts'
import { LOCALHOST, NODE, newFolder, otherNode, PROGRAM, plainEnvironment, type Ran, ROOT, runEvidence, runMany } from './run-program.ts'

const folder = newFolder()

beforeAll(() => {
  expect(runEvidence(folder, ['round', 'run', '--estate', LOCALHOST, '--id', 'usage-1', '--quiet']).code).toBe(0)
})

/** Paths of all commands and groups, from the program's own table. */
function commandPaths(command: Command, at: string[] = []): string[][] {
  return [at, ...command.commands.flatMap((one) => commandPaths(one, [...at, one.name()]))]
}

function table(): string[][] {
  return commandPaths(newProgram())
}

function newProgram(): Command {
  const program = new Command()
  addEvidenceCommands(program)
  return program
}

test('--version is that of the package', () => {
  expect(newProgram().version()).toBe(TOOL.version)
})

describe('--help', () => {
  for (const command of table()) {
    test(`evidence ${command.join(' ')} --help`, () => {
      const { code, stdout, stderr } = runEvidence(folder, [...command, '--help'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toContain(`Usage: evidence${command.length > 0 ? ` ${command.join(' ')}` : ''}`)
    })
  }
  test('every command of the contract that this version has is there', () => {
    const names = table().map((one) => one.join(' '))
    const rounds = ['run', 'import', 'list', 'show', 'diff', 'rejudge'].map((one) => `round ${one}`)
    const guards = ['declaration', 'dispatch', 'packets', 'contract', 'preflight'].map((one) => `guard ${one}`)
    const ledger = ['verify', 'export', 'stats'].map((one) => `ledger ${one}`)
    for (const name of [...rounds, 'summary', ...guards, 'escrow status', 'escrow mark', 'review record', ...ledger, 'emit', 'completion'])
      expect(names).toContain(name)
  })
})

describe('usage errors: exit 2, one clear line and what to do', () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['gaurd'], /^evidence: usage: unknown command 'gaurd' \(Did you mean guard\?\)\n {2}--help/],
    [['guard', 'declarations'], /^evidence: usage: unknown command 'declarations' \(Did you mean declaration\?\)\n/],
    [['guard', 'declaration', 'usage-1', '--declair', 'X'], /^evidence: usage: unknown option '--declair'/],
    [['round', 'run'], /^evidence: usage: required option '--estate <file>' not specified\n/],
    [['round', 'show'], /^evidence: usage: missing required argument 'id'\n/],
    [['round', 'show', 'a', 'b'], /^evidence: usage: too many arguments/],
    [['round', 'list', '--limit', '0'], /^evidence: usage: option '--limit <n>' argument '0' is invalid/],
    [['completion', 'tcsh'], /^evidence: usage: .*Allowed choices are bash, zsh, fish/],
    [['guard', 'contract', 'usage-1'], /^evidence: usage: required option '--packet-file <file>' not specified\n/],
    [['guard', 'declaration'], /^evidence: usage: name a round or give --summary-file/],
    [['guard', 'declaration', 'usage-1', '--summary-file', 'x'], /^evidence: usage: name a round or give --summary-file/],
    [['guard', 'dispatch', '--summary-file', 'x', '--policy', 'sop@1.24'], /^evidence: usage: --policy needs a round/],
    [['round', 'show', 'usage-1', '--policy', '1.24'], /^evidence: policy_unknown: /],
    [['round', 'show', 'never-was-1'], /^evidence: round_unknown: no round never-was-1 in this ledger\n {2}see/],
    [['summary', '--summary-file', 'none.txt'], /^evidence: file_unreadable: cannot read none.txt: ENOENT\n/],
    [['guard', 'contract', 'usage-1', '--packet-file', 'none.json'], /^evidence: file_unreadable: /],
    [['guard', 'preflight', 'usage-1', '--response-file', '.'], /^evidence: file_unreadable: \. is a folder\n/],
    [['round', 'import', 'none.yaml'], /^evidence: file_unreadable: /],
    [['round', 'import', 'none.ndjson'], /^evidence: file_unreadable: /],
    [['ledger', 'export', '--round', 'never-was-1'], /^evidence: round_unknown: /],
    [['round', 'run', '--estate', LOCALHOST, '--id', 'Not An Id'], /^evidence: usage: a round id is /],
    [['round', 'run', '--estate', LOCALHOST, '--id', 'usage-1'], /^evidence: round_exists: /],
    [['round', 'run', '--estate', LOCALHOST, '--only', 'P9'], /^evidence: usage: --only: this estate has no gate/],
    [['round', 'run', '--estate', LOCALHOST, '--skip', 'lunch'], /^evidence: usage: --skip: no check of this estate/],
  ]
  let plain: Ran[] = []
  let asJson: Ran[] = []
  beforeAll(() => {
    plain = runMany(
      folder,
      cases.map(([args]) => args),
    )
    asJson = runMany(
      folder,
      cases.map(([args]) => [...args, '--json']),
    )
  })
  test('and so it is for who starts the program', () => {
    for (const n of [0, 4, 14]) expect(runEvidence(folder, cases[n]?.[0] ?? [])).toEqual(plain[n])
  })
  for (const [n, [args, message]] of cases.entries()) {
    test(`evidence ${args.join(' ').replace(ROOT, '')}`, () => {
      const { code, stdout, stderr } = plain[n] as Ran
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(message)
      expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
      const json = asJson[n] as Ran
      expect({ code: json.code, stdout: json.stdout }).toEqual({ code: 2, stdout: '' })
      const { error } = JSON.parse(json.stderr) as { error: { code: string; message: string; remedy: string | null } }
      // Two commands have no --json: what they print is JSON already, or a script.
      if (args[1] !== 'export' && args[0] !== 'completion')
        expect(stderr).toBe(`evidence: ${error.code}: ${error.message}\n${error.remedy === null ? '' : `  ${error.remedy}\n`}`)
    })
  }
  for (const args of [[], ['round'], ['guard'], ['ledger']]) {
    test(`evidence ${args.join(' ')} without a command prints its help and is no yes`, () => {
      const { code, stdout, stderr } = runEvidence(folder, args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toContain('Usage: evidence')
    })
  }
})

describe('a typo in an estate key', () => {
  test('names file, line, column, key and the nearest known key', () => {
    const text =
      'estate: home\nversion: "1"\npolicy: sop@1.78\ngates:\n  - {id: P0-NET}\nchecks:\n  - id: db\n    gate: P0-NET\n    kind: tcp\n    adress: 127.0.0.1\n    port: 5432\n'
    writeFileSync(path.join(folder, 'typo.yaml'), text)
    const { code, stderr } = runEvidence(folder, ['round', 'run', '--estate', 'typo.yaml'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/typo\.yaml:10:5: .*adress.*address/)
  })
  test('a gate that no other names', () => {
    writeFileSync(
      path.join(folder, 'gate.yaml'),
      'estate: home\nversion: "1"\npolicy: sop@1.78\ngates: [{id: P0-NET}]\nchecks:\n  - {id: db, gate: P0-NTE, kind: tcp, address: a, port: 1}\n',
    )
    const { code, stderr } = runEvidence(folder, ['round', 'run', '--estate', 'gate.yaml'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/gate\.yaml:6:\d+: .*P0-NTE.*P0-NET/)
  })
})

describe('colour', () => {
  const script = '/usr/bin/script'
  const onTerminal = (env: NodeJS.ProcessEnv): string =>
    spawnSync(script, ['-qec', `${NODE} ${PROGRAM} round show usage-1`, '/dev/null'], { cwd: folder, env: plainEnvironment(env), encoding: 'utf8' }).stdout
  const colour = '\u001b['
  test('none in a pipe, even where a terminal type is set', () => {
    expect(runEvidence(folder, ['round', 'show', 'usage-1'], { env: { TERM: 'xterm-256color' } }).stdout).not.toContain(colour)
  })
  test.skipIf(!existsSync(script))('on a terminal, and never with NO_COLOR (skipped where util-linux has no `script`)', () => {
    expect(onTerminal({ TERM: 'xterm-256color' })).toContain(colour)
    expect(onTerminal({ TERM: 'xterm-256color', NO_COLOR: '1' })).not.toContain(colour)
  })
})

describe('the launcher under another Node', () => {
  const other = otherNode()
  test.skipIf(other === null)('starts the pinned one and hands over output and exit codes (skipped where every node is 24)', () => {
    const node = other ?? ''
    expect(runEvidence(folder, ['--version'], { node })).toEqual({ code: 0, stdout: `${TOOL.version}\n`, stderr: '' })
    expect(runEvidence(folder, ['summary', 'usage-1'], { node })).toEqual(runEvidence(folder, ['summary', 'usage-1']))
    expect(runEvidence(folder, ['guard', 'declaration', 'usage-1', '--declare', 'DR_COMPLETE'], { node }).code).toBe(1)
    expect(runEvidence(folder, ['nonsense'], { node }).code).toBe(2)
    expect(runEvidence(folder, ['round', 'list', '--ledger', '/'], { node }).code).toBe(3)
  })
  test.skipIf(other === null)('says what is missing where the pinned one is not installed', () => {
    const lonely = newFolder()
    spawnSync('cp', [PROGRAM, path.join(lonely, 'evidence.mjs')])
    const ran = spawnSync(other ?? '', [path.join(lonely, 'evidence.mjs')], { encoding: 'utf8' })
    expect(ran.status).toBe(3)
    expect(ran.stderr).toMatch(/^evidence: runtime_missing: this program needs Node 24; this is Node \d+/)
  })
})
