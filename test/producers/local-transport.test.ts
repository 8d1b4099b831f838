import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLocalTransport } from '../../producers/transports/local.ts'
import { failureOf, isAlive } from '../support/probe-failure.ts'

const signal = new AbortController().signal
const options = { timeoutMs: 5000, maxBytes: 100_000, signal }
const transport = createLocalTransport()
let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-local-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('local run', () => {
  it('gives exit code, output and the first line of stderr', async () => {
    const result = await transport.run(['sh', '-c', 'printf out; echo problem >&2; echo more >&2; exit 3'], options)
    expect(result).toEqual({ exitCode: 3, stdout: Buffer.from('out'), stderrLine: 'problem' })
  })

  it('runs no shell of its own', async () => {
    const words = ['$(id)', '`id`', '; id', '*', "it's", 'a\nb']
    const result = await transport.run(['printf', '%s|', ...words], options)
    expect(result.stdout.toString()).toBe(`${words.join('|')}|`)
  })

  it('hands over PATH, HOME, LANG and LC_ALL only', async () => {
    process.env.EVIDENCE_TEST_SECRET = 'not for children'
    const result = await transport.run(['env'], options)
    delete process.env.EVIDENCE_TEST_SECRET
    const names = result.stdout
      .toString()
      .trim()
      .split('\n')
      .map((text) => text.split('=')[0])
    expect(names.sort()).toEqual(['HOME', 'LANG', 'LC_ALL', 'PATH'])
  })

  it('names a missing command, a forbidden one and a death by signal', async () => {
    expect(await failureOf(transport.run(['no-such-command-here'], options))).toBe('exit_status exec: command not found: no-such-command-here')
    writeFileSync(join(dir, 'script'), '#!/bin/sh\n', { mode: 0o644 })
    expect(await failureOf(transport.run([join(dir, 'script')], options))).toMatch(/^permission exec: not allowed to run/u)
    expect(await failureOf(transport.run(['sh', '-c', 'kill -9 $$'], options))).toBe('exit_status exec: ended by signal SIGKILL')
    expect(await failureOf(transport.run([], options))).toBe('internal exec: not a runnable command')
    expect(await failureOf(transport.run(['printf', 'a\0b'], options))).toBe('internal exec: not a runnable command')
  })

  it('refuses output above the limit, on the byte, and stops a flood at once', async () => {
    const small = { ...options, maxBytes: 10 }
    expect((await transport.run(['printf', '0123456789'], small)).stdout).toHaveLength(10)
    expect(await failureOf(transport.run(['printf', '0123456789x'], small))).toBe('parse read: more than 10 bytes')
    const started = performance.now()
    expect(await failureOf(transport.run(['yes'], small))).toBe('parse read: more than 10 bytes')
    expect((await transport.run(['sh', '-c', 'head -c 5000000 /dev/zero >&2'], options)).exitCode).toBe(0)
    expect(performance.now() - started).toBeLessThan(4000)
  })

  it('ends a hung command with its whole group, also one that ignores SIGTERM', async () => {
    const pidFile = join(dir, 'pids')
    const script = `trap "" TERM; sleep 300 & echo $$ $! > ${pidFile}; wait; sleep 300`
    const started = performance.now()
    expect(await failureOf(transport.run(['sh', '-c', script], { ...options, timeoutMs: 400 }))).toBe('timeout exec: no end within 400 ms')
    expect(performance.now() - started).toBeLessThan(1500)
    await sleep(50)
    const pids = readFileSync(pidFile, 'utf8').trim().split(' ').map(Number)
    expect(pids).toHaveLength(2)
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('leaves nothing behind that a finished command started in the background', async () => {
    const result = await transport.run(['sh', '-c', 'sleep 300 >/dev/null 2>&1 & echo $!'], options)
    await sleep(50)
    expect(isAlive(Number(result.stdout.toString()))).toBe(false)
  })

  it('treats a background child that holds the output open as not finished', async () => {
    expect(await failureOf(transport.run(['sh', '-c', 'sleep 300 & echo GREEN'], { ...options, timeoutMs: 300 }))).toBe('timeout exec: no end within 300 ms')
  })

  it('ends when the caller aborts, before and while it runs', async () => {
    expect(await failureOf(transport.run(['true'], { ...options, signal: AbortSignal.abort() }))).toBe('timeout exec: cancelled')
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 100)
    expect(await failureOf(transport.run(['sleep', '300'], { ...options, signal: controller.signal }))).toBe('timeout exec: cancelled')
  })

  it('starts in the folder it was given', async () => {
    const local = createLocalTransport({ baseDir: dir })
    writeFileSync(join(dir, 'here.txt'), 'here')
    expect((await local.run(['pwd'], options)).stdout.toString().trim()).toBe(dir)
    expect((await local.readFile('here.txt', options)).toString()).toBe('here')
  })
})

describe('local files', () => {
  it('reads bytes as they are, and /proc files that claim to be empty', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x0a])
    writeFileSync(join(dir, 'bytes'), bytes)
    expect(await transport.readFile(join(dir, 'bytes'), options)).toEqual(bytes)
    expect((await transport.readFile('/proc/sys/kernel/random/boot_id', options)).toString().trim()).toHaveLength(36)
  })

  it('refuses a file above the limit', async () => {
    writeFileSync(join(dir, 'big'), Buffer.alloc(1001))
    expect(await failureOf(transport.readFile(join(dir, 'big'), { ...options, maxBytes: 1000 }))).toBe('parse read: more than 1000 bytes')
  })

  it('says that a file is missing, and that a path goes through a file', async () => {
    expect(await failureOf(transport.readFile(join(dir, 'nope'), options))).toBe('unreachable read: file does not exist')
    expect(await transport.stat(join(dir, 'nope'), options)).toEqual({ exists: false })
    writeFileSync(join(dir, 'plain'), '')
    expect(await transport.stat(join(dir, 'plain', 'below'), options)).toEqual({ exists: false })
    symlinkSync('/nowhere/at/all', join(dir, 'dangling'))
    expect(await transport.stat(join(dir, 'dangling'), options)).toEqual({ exists: false })
  })

  it('does not hang on a FIFO and refuses folders and devices', async () => {
    execFileSync('mkfifo', [join(dir, 'fifo')])
    for (const path of [join(dir, 'fifo'), dir, '/dev/zero']) {
      expect(await failureOf(transport.readFile(path, { ...options, timeoutMs: 1000 }))).toMatch(/^(parse read: not a regular file|internal read)/u)
    }
  })

  it('gives size and time', async () => {
    writeFileSync(join(dir, 'timed'), 'abc')
    utimesSync(join(dir, 'timed'), new Date('2026-06-27T03:50:46.123Z'), new Date('2026-06-27T03:50:46.123Z'))
    expect(await transport.stat(join(dir, 'timed'), options)).toEqual({ exists: true, sizeBytes: 3, modifiedAt: '2026-06-27T03:50:46.123Z' })
  })

  it('calls a forbidden file forbidden and never missing', async () => {
    const locked = join(dir, 'locked')
    mkdirSync(locked)
    writeFileSync(join(locked, 'file'), 'x')
    chmodSync(locked, 0o000)
    if (process.getuid?.() === 0) {
      console.log('running as root: the forbidden file is looked at as user 65534 in a child process')
      const script = `
        const { createLocalTransport } = await import(${JSON.stringify(new URL('../../producers/transports/local.ts', import.meta.url).href)})
        process.setgid(65534); process.setuid(65534)
        const o = { timeoutMs: 5000, maxBytes: 1000, signal: new AbortController().signal }
        for (const call of ['readFile', 'stat']) await createLocalTransport()[call](${JSON.stringify(join(locked, 'file'))}, o).catch((e) => console.log(e.reason))`
      chmodSync(dir, 0o755)
      const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
      expect(out).toBe('permission\npermission\n')
    } else {
      expect(await failureOf(transport.readFile(join(locked, 'file'), options))).toBe('permission read: permission denied')
      expect(await failureOf(transport.stat(join(locked, 'file'), options))).toBe('permission read: permission denied')
    }
    chmodSync(locked, 0o700)
    expect(existsSync(join(locked, 'file'))).toBe(true)
  })
})
