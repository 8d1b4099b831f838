import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { EvidenceEvent } from '../../schemas/event.ts'
import { NODE, newFolder, PROGRAM, plainEnvironment, runEvidence } from './run-program.ts'

/** Green once a file is there. */
const ESTATE = `estate: watched
version: "1"
policy: sop@1.78
hosts: [{ id: here, transport: local }]
gates: [{ id: P0-FILE }]
checks: [{ id: flag, gate: P0-FILE, host: here, kind: file, path: flag }]
`

function newEstate(): { folder: string; appear: () => void } {
  const folder = newFolder()
  writeFileSync(path.join(folder, 'estate.yaml'), ESTATE.replace('path: flag', `path: ${path.join(folder, 'flag')}`))
  return { folder, appear: () => writeFileSync(path.join(folder, 'flag'), 'here\n') }
}

const WATCH = ['round', 'run', '--estate', 'estate.yaml', '--id', 'wat', '--watch', '--interval', '1']

function startWatch(folder: string, ...more: string[]) {
  const child = spawn(NODE, [PROGRAM, ...WATCH, ...more], { cwd: folder, env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (text: Buffer) => (said.stdout += text))
  child.stderr.on('data', (text: Buffer) => (said.stderr += text))
  return { child, said, until: (pattern: RegExp) => untilSaid(child, () => pattern.test(said.stderr)), ended: () => once(child, 'close') }
}

async function untilSaid(child: ChildProcess, isSaid: () => boolean): Promise<void> {
  while (!isSaid()) {
    if (child.exitCode !== null) throw new Error('the watch ended early')
    await new Promise((done) => setTimeout(done, 20))
  }
}

const opened = (folder: string): EvidenceEvent[] =>
  runEvidence(folder, ['ledger', 'export'])
    .stdout.trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EvidenceEvent)
    .filter((event) => event.type === 'round.opened.v1')

describe('round run --watch', () => {
  test('each attempt is a round of its own, linked and numbered; it stops at green', async () => {
    const { folder, appear } = newEstate()
    const { said, until, ended } = startWatch(folder, '--max-attempts', '20', '--json')
    await until(/attempt 1: BLOCKED, cold start BLOCKED; the next in 1 s\n/)
    appear()
    const [code] = await ended()
    expect([code, said.stderr]).toEqual([0, expect.stringMatching(/attempt \d of 20: wat-a0\d[\s\S]*attempt \d: FULL_STACK_GREEN, cold start GREEN\n$/)])
    const answer = JSON.parse(said.stdout)
    const ids = answer.attempts.map((one: { artifact_id: string }) => one.artifact_id)
    expect(answer).toMatchObject({ artifact_id: ids.at(-1), overall: 'FULL_STACK_GREEN' })
    expect(ids.length).toBeGreaterThan(1)
    const rounds = opened(folder)
    expect(rounds.map((event) => event.subject)).toEqual(ids)
    expect(rounds.map((event) => (event.type === 'round.opened.v1' ? event.data.options.watch_attempt : null))).toEqual(
      ids.map((_: string, at: number) => at + 1),
    )
    expect(ids.every((id: string) => existsSync(path.join(folder, 'out', id, 'summary.txt')))).toBe(true)
    expect(runEvidence(folder, ['ledger', 'verify']).code).toBe(0)
  })

  test('attempts that are used up: exit 1 with the last round', () => {
    const { folder } = newEstate()
    const ran = runEvidence(folder, [...WATCH, '--max-attempts', '2', '--quiet'])
    expect([ran.code, ran.stderr]).toEqual([1, ''])
    expect(ran.stdout).toMatch(/^round {6}wat-a02\n[\s\S]*\nattempts {3}2\n$/)
  })

  test('a ledger that cannot record costs an attempt, not the watch; where none did, exit 3', () => {
    const { folder } = newEstate()
    writeFileSync(path.join(folder, 'evidence.db'), 'no ledger at all, and long enough to be looked at as if it were one'.repeat(20))
    const ran = runEvidence(folder, [...WATCH, '--max-attempts', '2'])
    expect(ran.code).toBe(3)
    expect(ran.stderr).toMatch(
      /attempt 1: not recorded: ledger_corrupt; the next in 1 s\n[\s\S]*attempt 2: not recorded: ledger_corrupt\nevidence: ledger_corrupt: /,
    )
  })

  test('a ledger that is locked for one attempt records the next', async () => {
    const { folder, appear } = newEstate()
    runEvidence(folder, ['round', 'run', '--estate', 'estate.yaml', '--id', 'before', '--quiet'])
    appear()
    const db = new DatabaseSync(path.join(folder, 'evidence.db'))
    db.exec('BEGIN IMMEDIATE')
    const { said, until, ended } = startWatch(folder, '--max-attempts', '5')
    await until(/attempt 1: not recorded: ledger_unavailable; the next in 1 s\n/)
    db.exec('ROLLBACK')
    db.close()
    expect(await ended()).toEqual([0, null])
    expect(said.stdout).toMatch(/^round {6}wat-a0[2-5]\n/)
  })

  test('Ctrl-C between attempts: exit 3, and what was sealed stays', async () => {
    const { folder } = newEstate()
    const { child, said, until, ended } = startWatch(folder, '--interval', '600')
    await until(/the next in 600 s\n/)
    child.kill('SIGINT')
    expect(await ended()).toEqual([3, null])
    expect(said.stderr).toMatch(/evidence: interrupted: the watch was interrupted between rounds; the last was wat-a01: BLOCKED\n/)
    expect(runEvidence(folder, ['ledger', 'verify'])).toMatchObject({ code: 0, stdout: expect.stringContaining('1 sealed') })
  })

  test('Ctrl-C within an attempt: exit 3, that round stays unsealed and is the last', async () => {
    const { folder } = newEstate()
    const slow = ESTATE.replace('gates:', 'commands: [{ id: wait, argv: [sleep, "20"] }]\ngates:').replace(
      'kind: file, path: flag',
      'kind: command, command: wait, timeout_ms: 25000',
    )
    writeFileSync(path.join(folder, 'estate.yaml'), slow)
    const { child, said, until, ended } = startWatch(folder)
    await until(/round opened/)
    child.kill('SIGINT')
    expect(await ended()).toEqual([3, null])
    expect(said.stderr).toMatch(/evidence: interrupted: round wat-a01 was interrupted and is unsealed/)
    expect(opened(folder).map((event) => event.subject)).toEqual(['wat-a01'])
  })

  test('bad usage is refused before anything is looked at', () => {
    const { folder } = newEstate()
    for (const [args, why] of [
      [['round', 'run', '--estate', 'estate.yaml', '--interval', '5'], '--interval and --max-attempts need --watch'],
      [[...WATCH, '--max-attempts', '0'], 'not a whole number from 1'],
      [['round', 'run', '--estate', 'estate.yaml', '--watch', '--id', 'x'.repeat(98)], 'a round id is'],
    ] as const) {
      const ran = runEvidence(folder, args)
      expect([ran.code, ran.stdout, ran.stderr]).toEqual([2, '', expect.stringContaining(why)])
    }
    expect(existsSync(path.join(folder, 'evidence.db'))).toBe(false)
  })
})
