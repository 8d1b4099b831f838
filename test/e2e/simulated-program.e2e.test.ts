import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { missingParts } from '../../examples/awoooi/simulated/simulated-estate.ts'
import { plainEnvironment, type Ran } from '../cli/run-program.ts'

/** The program of the simulated estate, with the wrong turns of somebody who never saw it. */
const PROGRAM = path.join(import.meta.dirname, '../../examples/awoooi/simulated/simulated.ts')
const missing = missingParts()
if (missing !== null) console.error(`simulated estate ABSENT: this machine ${missing}`)

const base = mkdtempSync(path.join(tmpdir(), 'simulated-program-'))
const dir = path.join(base, 'a world')

function simulated(...words: string[]): Ran {
  const ran = spawnSync(process.execPath, [PROGRAM, '--dir', dir, ...words], { encoding: 'utf8', env: plainEnvironment({}) })
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
}

const lanPid = (): number => Number(readFileSync(path.join(dir, 'lan.pid'), 'utf8'))
const runs = (pid: number): boolean => existsSync(`/proc/${pid}/ns/net`)

afterAll(() => {
  simulated('down')
  rmSync(base, { recursive: true, force: true })
})

describe('words of the simulated estate', () => {
  it.each([
    ['evidence before up', ['evidence', 'round', 'list'], `nothing is up in ${dir}; start it with \`up\``],
    ['break before up', ['break', 'redis-killed'], 'nothing is up in'],
    ['an unknown command', ['toString'], 'no command toString; `--help` lists them'],
    ['no fault named', ['break'], 'break takes more words'],
    ['more words than up takes', ['up', 'now'], 'up takes fewer words'],
  ])('%s is refused with exit 2 and what to do', (_, words, message) => {
    const { code, stdout, stderr } = simulated(...words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('down says yes where nothing is up', () => {
    expect(simulated('down')).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

describe.skipIf(missing !== null)('the simulated estate started again', () => {
  it('refuses a folder whose name leaves no room for a socket', () => {
    const long = path.join(base, 'x'.repeat(108))
    const ran = spawnSync(process.execPath, [PROGRAM, '--dir', long, 'up'], { encoding: 'utf8', env: plainEnvironment({}) })
    expect(ran.status).toBe(2)
    expect(ran.stderr).toContain('is too long a name')
    expect(existsSync(long)).toBe(false)
  })

  it('ends everything where the start is interrupted', async () => {
    const started = spawn(process.execPath, [PROGRAM, '--dir', dir, 'up'], { env: plainEnvironment({}), stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(started, 'exit')
    while (!existsSync(path.join(dir, 'lan.pid')) && started.exitCode === null) await sleep(5)
    const pid = lanPid()
    started.kill('SIGINT')
    expect((await ended)[0]).toBe(3)
    expect(runs(pid)).toBe(false)
    expect(existsSync(path.join(dir, 'lan.pid'))).toBe(false)
  }, 60_000)

  it('comes up after that, refuses a second start, and after a crash and after down goes on with its ledger', async () => {
    expect(simulated('up')).toMatchObject({ code: 0, stderr: '' })
    expect(simulated('up')).toMatchObject({ code: 2, stderr: expect.stringContaining('already holds a simulated estate; end it with `down`') })
    expect(simulated('on', 'host-999', 'true')).toMatchObject({ code: 2, stderr: expect.stringContaining('no machine host-999') })
    expect(simulated('break', 'nothing')).toMatchObject({ code: 2, stderr: expect.stringContaining('no fault nothing') })
    expect(simulated('break', 'redis-killed')).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(simulated('break', 'redis-killed')).toMatchObject({ code: 3, stderr: expect.stringContaining('has it been done already?') })
    const ran = ['round', 'run', '--estate', 'examples/awoooi/estate.yaml', '--only', 'P0-NETWORK', '--quiet', '--id']
    expect(simulated('evidence', ...ran, 'before-the-crash').code).toBe(1)
    const pid = lanPid()
    process.kill(pid, 'SIGKILL')
    while (runs(pid)) await sleep(5)
    // Not 1: that is an answer of a round.
    expect(simulated('evidence', 'round', 'list')).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing is up') })
    expect(simulated('up')).toMatchObject({ code: 0, stderr: '' })
    expect(simulated('down').code).toBe(0)
    expect(simulated('up')).toMatchObject({ code: 0, stderr: '' })
    expect(simulated('evidence', ...ran, 'after-it').code).toBe(1)
    const { stdout } = simulated('evidence', 'ledger', 'verify')
    expect(stdout).toContain('LEDGER_VERIFY_OK')
    expect(stdout).toContain('rounds=2 sealed=2')
  }, 120_000)

  it('gives Ctrl-C to the command alone, and its exit code back', async () => {
    const words = ['evidence', 'monitor', '--estate', 'examples/awoooi/estate.yaml', '--textfile', 'monitor.prom']
    const monitor = spawn(process.execPath, [PROGRAM, '--dir', dir, ...words], {
      env: plainEnvironment({}),
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    const ended = once(monitor, 'exit')
    await once(monitor.stdout, 'data')
    // As a terminal does: to every process of the foreground group.
    process.kill(-(monitor.pid ?? 0), 'SIGINT')
    expect(await ended).toEqual([0, null])
  }, 60_000)
})
