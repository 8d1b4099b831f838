import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeOpened, makeRound, makeTcpObserved } from '../support/make-events.ts'
import { LOCALHOST, NODE, newFolder, otherNode, PROGRAM, plainEnvironment, type Ran, ROUNDS_DIR, runEvidence, runMany } from './run-program.ts'

const folder = newFolder()
const GREEN = 'awoooi-post-reboot-readiness-20260626-235600'
const run = (...args: string[]): Ran => runEvidence(folder, args)

beforeAll(() => {
  expect(run('round', 'import', path.join(ROUNDS_DIR, 'june-26-to-27.yaml')).code).toBe(0)
})

const lineOf = ({ bytes }: { bytes: Uint8Array }): string => `${Buffer.from(bytes).toString('utf8')}\n`

/** A valid event over the limit: an honest host with far too much to say. */
function tooLarge(roundId: string): string {
  const event = JSON.parse(lineOf(makeTcpObserved(roundId, 7, 'check-0001')))
  const names = (count: number, length: number): string[] => Array.from({ length: count }, (_, n) => `${n}-${'x'.repeat(length)}`.slice(0, length))
  const facts = {
    boot_id: null,
    boot_time: null,
    uptime_s: null,
    kernel: null,
    systemd: { present: true, state: 'degraded', failed_units: names(500, 200) },
    cpus: null,
    load: null,
    memory: null,
    swap: null,
    disks: names(500, 300).map((mount) => ({ mount, fstype: 'ext4', total_bytes: 1, available_bytes: 1 })),
    readonly_mounts: names(500, 300),
  }
  const type = 'evidence.host.observed.v1'
  return `${JSON.stringify({ ...event, type, dataschema: `urn:evidence-ledger:schema:${type}`, data: { ...event.data, facts } })}\n`
}

describe('emit', () => {
  const emit = (cwd: string, input: string | Buffer, ...args: string[]): Ran => runEvidence(cwd, ['emit', ...args], { input })
  test('takes events into an open round; the same input again is harmless', () => {
    const own = newFolder()
    const lines = makeRound('emitted-1', 3).map(lineOf).join('')
    expect(emit(own, lines)).toMatchObject({ code: 0, stdout: 'appended 5, already there 0\n' })
    expect(emit(own, lines, '--json')).toMatchObject({ code: 0, stdout: '{\n  "appended": 0,\n  "duplicates": 5\n}\n' })
    expect(runEvidence(own, ['ledger', 'verify']).code).toBe(0)
  })
  test('an event over 256 KiB: exit 2 with its line, and the lines before it are kept', () => {
    const own = newFolder()
    const good = [makeOpened('emitted-2', 0, ['check-0001']), makeTcpObserved('emitted-2', 1, 'check-0001')].map(lineOf)
    const ran = emit(own, `${good.join('')}${tooLarge('emitted-2')}${lineOf(makeTcpObserved('emitted-2', 2, 'check-0001'))}`)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(/^evidence: event_too_large: stdin:3: event is \d{6} bytes; the limit is 262144\n {2}report digests/)
    expect(runEvidence(own, ['ledger', 'export']).stdout).toBe(good.join(''))
  })
  test('a line beyond any event is refused as such', () => {
    expect(emit(newFolder(), `"${'x'.repeat(2_000_000)}"\n`)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^evidence: event_too_large: stdin:1: /) })
  })
  test('to a sealed round: exit 2', () => {
    const own = newFolder()
    const round = makeRound('emitted-3', 2)
    expect(emit(own, round.map(lineOf).join('')).code).toBe(0)
    const ran = emit(own, lineOf(makeTcpObserved('emitted-3', 99, 'check-0001')))
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/^evidence: round_sealed: /)
  })
  test('bad lines name themselves: not JSON, a key twice, an unknown field, a decision', () => {
    const [opened] = makeRound('emitted-4', 1).map(lineOf) as [string]
    const decision = {
      ...JSON.parse(opened),
      type: 'escrow.marked.v1',
      dataschema: 'urn:evidence-ledger:schema:escrow.marked.v1',
      data: { item: 'a', evidence_id_sha256: 'a'.repeat(64), dry_run: false },
    }
    const cases: readonly (readonly [string | Buffer, RegExp])[] = [
      ['nonsense\n', /event_invalid: stdin:1: not_json/],
      [Buffer.concat([Buffer.from(opened.slice(0, -3)), Buffer.from([0xc3, 0x28]), Buffer.from('"}\n')]), /event_invalid: stdin:1: not UTF-8/],
      [`\n\n${opened.replace('{', '{"id":"x",')}`, /event_invalid: stdin:3: duplicate_key at \/id/],
      [opened.replace('{', '{"approved":true,'), /event_invalid: stdin:1: event is invalid at \//],
      [`${JSON.stringify(decision)}\n`, /event_invalid: stdin:1: escrow\.marked\.v1 is a decision/],
    ]
    for (const [input, message] of cases) expect(emit(newFolder(), input)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) })
  })
})

describe('the ledger is not there or not usable', () => {
  const reading = [
    ['round', 'list'],
    ['round', 'show', GREEN],
    ['guard', 'declaration', GREEN],
    ['ledger', 'export'],
    ['ledger', 'stats'],
    ['summary', GREEN],
  ]
  test('missing: exit 2 and what to do', () => {
    const answers = runMany(
      folder,
      reading.map((args) => [...args, '--ledger', 'no-such.db']),
    )
    expect(answers.length).toBe(reading.length)
    for (const [n, ran] of answers.entries()) {
      expect({ code: ran.code, stdout: ran.stdout }, reading[n]?.join(' ')).toEqual({ code: 2, stdout: '' })
      expect(ran.stderr).toMatch(/^evidence: ledger_missing: there is no ledger at .*no-such\.db\n {2}name the ledger with --ledger/)
    }
    expect(readdirSync(folder)).not.toContain('no-such.db')
  })
  test('a folder or a file that is no ledger: exit 3', () => {
    mkdirSync(path.join(folder, 'a-folder'), { recursive: true })
    writeFileSync(path.join(folder, 'garbage.db'), Buffer.from(Array.from({ length: 9000 }, (_, n) => (n * 7919) % 251)))
    for (const file of ['a-folder', 'garbage.db']) {
      const asked = [...reading, ['round', 'run', '--estate', LOCALHOST, '--quiet']].map((args) => [...args, '--ledger', file])
      const answers = [...runMany(folder, asked), run('emit', '--ledger', file)]
      expect(answers.length).toBe(reading.length + 2)
      for (const [n, ran] of answers.entries()) {
        expect({ code: ran.code, stdout: ran.stdout }, `${asked[n]?.join(' ') ?? 'emit'} ${file}`).toEqual({ code: 3, stdout: '' })
        expect(ran.stderr).toMatch(/^evidence: ledger_(unavailable|corrupt): /)
      }
    }
  })
  test('$EVIDENCE_LEDGER names it where --ledger does not', () => {
    const elsewhere = newFolder()
    const env = { EVIDENCE_LEDGER: path.join(folder, 'evidence.db') }
    expect(runEvidence(elsewhere, ['summary', GREEN], { env }).stdout).toBe(run('summary', GREEN).stdout)
    expect(runEvidence(elsewhere, ['summary', GREEN, '--ledger', 'other.db'], { env }).code).toBe(2)
  })
})

describe('a folder that cannot be written to', () => {
  test('round run: exit 3, and the round is in the ledger, whole', () => {
    writeFileSync(path.join(folder, 'a-file'), '')
    const ran = run('round', 'run', '--estate', LOCALHOST, '--id', 'unwritable-1', '--out', 'a-file', '--quiet')
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(/^evidence: output_unwritable: cannot write a-file\/unwritable-1\/summary\.txt: ENOTDIR\n {2}.*the ledger is not affected/)
    expect(run('ledger', 'verify').code).toBe(0)
    expect(run('guard', 'declaration', 'unwritable-1', '--declare', 'SERVICE_GREEN').code).toBe(0)
  })
  test('guard packets: exit 3', () => {
    expect(run('guard', 'packets', GREEN, '--output', 'a-file/packets.json').code).toBe(3)
  })
  test('no temporary file stays behind', () => {
    expect(run('guard', 'packets', GREEN, '--output', 'packets/one.json').code).toBe(0)
    expect(readdirSync(path.join(folder, 'packets'))).toEqual(['one.json'])
  })
})

const SLOW = `estate: slow
version: "1"
policy: sop@1.78
hosts: [{id: here}]
commands: [{id: wait, argv: [sleep, "60"]}, {id: fast, argv: [uname, -s]}]
gates: [{id: P0-FAST}, {id: P1-SLOW, depends_on: [P0-FAST]}]
checks:
  - {id: fast, gate: P0-FAST, kind: command, host: here, command: fast, equals: Linux}
  - {id: slow, gate: P1-SLOW, kind: command, host: here, command: wait, timeout_ms: 90000}
`

describe('interrupted', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} in the middle of a round leaves it unsealed, and nothing is allowed`, async () => {
      const own = newFolder()
      writeFileSync(path.join(own, 'slow.yaml'), SLOW)
      const child = spawn(NODE, [PROGRAM, 'round', 'run', '--estate', 'slow.yaml', '--id', 'stopped-1'], { cwd: own, env: plainEnvironment() })
      let stderr = ''
      child.stderr.on('data', (chunk) => {
        const before = stderr
        stderr += String(chunk)
        if (!before.includes('gate P0-FAST done') && stderr.includes('gate P0-FAST done')) child.kill(signal)
      })
      const [code] = await once(child, 'close')
      expect(code, stderr).toBe(3)
      expect(stderr).toMatch(/evidence: interrupted: /)
      const shown = runEvidence(own, ['round', 'show', 'stopped-1'])
      expect(shown.code).toBe(1)
      expect(shown.stdout).toMatch(/^integrity {2}unsealed: the round was never sealed/m)
      expect(shown.stdout).toContain('result     BLOCKED')
      const guard = runEvidence(own, ['guard', 'declaration', 'stopped-1'])
      expect(guard.code).toBe(1)
      expect(guard.stdout).toMatch(/^POST_REBOOT_DECLARATION_GUARD_BLOCKED reason=round_integrity_unsealed allowed=0 forbidden=23\n/)
      expect(guard.stdout).not.toContain('\nALLOWED ')
      expect(runEvidence(own, ['ledger', 'verify']).code).toBe(0)
    })
  }
})

describe('interrupted through the launcher', () => {
  const other = otherNode()
  test.skipIf(other === null)('Ctrl-C reaches both processes of a terminal; the answer is still 3 (skipped where every node is 24)', async () => {
    const own = newFolder()
    writeFileSync(path.join(own, 'slow.yaml'), SLOW)
    const child = spawn(other ?? '', [PROGRAM, 'round', 'run', '--estate', 'slow.yaml', '--id', 'stopped-2'], {
      cwd: own,
      env: plainEnvironment(),
      detached: true,
    })
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      const before = stderr
      stderr += String(chunk)
      if (!before.includes('gate P0-FAST done') && stderr.includes('gate P0-FAST done')) process.kill(-(child.pid ?? 0), 'SIGINT')
    })
    const [code] = await once(child, 'close')
    expect(code, stderr).toBe(3)
    expect(runEvidence(own, ['guard', 'declaration', 'stopped-2']).code).toBe(1)
  })
})

describe('a reader that closes early', () => {
  const piped = (command: string): Ran => {
    const ran = spawnSync('bash', ['-c', `"$0" "$1" ${command}; echo "codes \${PIPESTATUS[*]}" >&2`, NODE, PROGRAM], {
      cwd: folder,
      env: plainEnvironment(),
      encoding: 'utf8',
    })
    return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
  }
  test('no crash, and the answer stays the answer', () => {
    expect(piped(`guard declaration ${GREEN} --declare DR_COMPLETE | head -1`)).toMatchObject({
      stdout: expect.stringMatching(/^POST_REBOOT_DECLARATION_GUARD_OK [^\n]*\n$/),
      stderr: 'refused: DR_COMPLETE is forbidden\ncodes 1 0\n',
    })
    expect(piped(`guard declaration ${GREEN} --declare DR_COMPLETE | true`).stderr).toBe('refused: DR_COMPLETE is forbidden\ncodes 1 0\n')
    expect(piped(`guard packets ${GREEN} | head -c 1`)).toMatchObject({ stdout: '{', stderr: 'codes 0 0\n' })
    expect(piped('round list | head -1').stderr).toBe('codes 0 0\n')
  })
  test('an export that was cut short does not call itself done', () => {
    const many = Array.from({ length: 40 }, (_, n) => makeRound(`many-${n}`, 60).map(lineOf).join('')).join('')
    expect(runEvidence(folder, ['emit', '--ledger', 'many.db'], { input: many }).code).toBe(0)
    expect(piped('ledger export --ledger many.db | head -c 10').stderr).toBe('evidence: output_unwritable: stdout closed before the end: EPIPE\ncodes 3 0\n')
  })
})

describe('files that are too large are refused without being read whole', () => {
  test('a response of 50 MB, and one without end', () => {
    writeFileSync(path.join(folder, 'huge.json'), '{')
    truncateSync(path.join(folder, 'huge.json'), 50_000_000)
    for (const file of ['huge.json', '/dev/zero']) {
      const { code, stdout } = run('guard', 'preflight', GREEN, '--response-file', file)
      expect(code).toBe(1)
      expect(stdout).toBe(
        'POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_BLOCKED status=blocked_unreadable_response expected_gates=2 received=0 accepted=0 runtime_gate=0\nREASON too_large at /\n',
      )
    }
  })
  test('a summary and a packet file', () => {
    expect(run('guard', 'declaration', '--summary-file', '/dev/zero')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^evidence: summary_invalid: \/dev\/zero: is larger than/),
    })
    expect(run('guard', 'contract', GREEN, '--packet-file', '/dev/zero')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/reasons=too_large gates=2\n$/),
    })
  })
})

describe('secrets in a response', () => {
  /** Put together at run time; none of them was ever a secret. */
  const secrets = [['gh', 'p_', 'Qw7Z'.repeat(9)].join(''), ['-----BEGIN ', 'RSA PRIVATE', ' KEY-----'].join(''), ['pass', 'word=', 'c0rrecthorse'].join('')]
  test('are in no output and in no byte of the ledger, whether value or key', () => {
    const responses = secrets.flatMap((secret) => [
      { comment: secret },
      { [secret]: 1 },
      { responses: [{ gate_id: secret, [secret]: secret }] },
      { owner_id: secret, approved: true },
    ])
    for (const [n, response] of responses.entries()) writeFileSync(path.join(folder, `response-${n}.json`), JSON.stringify(response))
    const asked = responses.flatMap((_, n) => [[], ['--json']].map((more) => ['guard', 'preflight', GREEN, '--response-file', `response-${n}.json`, ...more]))
    const answers = [...runMany(folder, asked), run('guard', 'preflight', GREEN, '--response-file', 'response-0.json')]
    expect(answers.length).toBe(25)
    for (const { code, stdout, stderr } of answers) {
      expect(code).toBe(1)
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret)
      expect(stdout).toMatch(/blocked_/)
    }
    for (const file of readdirSync(folder).filter((name) => name.startsWith('evidence.db'))) {
      const bytes = readFileSync(path.join(folder, file))
      for (const secret of secrets) expect(bytes.includes(secret), file).toBe(false)
    }
    expect(run('ledger', 'export').stdout).toContain('response.preflighted.v1')
  })
  test('nor do a file name, a declared name or an option show up in the ledger', () => {
    const secret = secrets[0] as string
    writeFileSync(path.join(folder, `${secret}.json`), '{}')
    expect(run('guard', 'preflight', GREEN, '--response-file', `${secret}.json`).code).toBe(1)
    expect(run('guard', 'declaration', GREEN, '--declare', secret).stderr).not.toContain(secret)
    expect(run('ledger', 'export').stdout).not.toContain(secret)
  })
})
