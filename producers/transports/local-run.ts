import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions, type RunResult } from '../transport.ts'
import { collectOutput, collectStderrLine } from './collect-output.ts'
import { type Deadline, startDeadline } from './deadline.ts'

type Child = ChildProcessByStdio<null, Readable, Readable>

/** SIGTERM, then SIGKILL this much later; a process that even survives that is given up after the same time again. */
const KILL_GRACE_MS = 300

/**
 * Runs one command of this machine without a shell, in a process group of its own, with an environment of four
 * variables: what our own process knows stays with it. The whole group is gone when the call ends, at the latest
 * 2 × 300 ms after the time limit; only a process that left its group (setsid) can outlive it.
 */
export async function runLocal(argv: readonly string[], cwd: string, options: RunOptions): Promise<RunResult> {
  const deadline = startDeadline(options)
  try {
    if (deadline.signal.aborted) throw deadline.failure('exec')
    return await finish(start(argv, cwd), argv[0] ?? '', options, deadline)
  } finally {
    deadline.clear()
  }
}

function start(argv: readonly string[], cwd: string): Child {
  const [file, ...args] = argv
  if (file === undefined || argv.some((word) => word.includes('\0'))) throw new ProbeFailure('internal', 'exec', 'not a runnable command')
  return spawn(file, args, { cwd, env: minimalEnvironment(), detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
}

function minimalEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env
  return { PATH: PATH ?? '/usr/local/bin:/usr/bin:/bin', HOME: HOME ?? '/', LANG: LANG ?? 'C', LC_ALL: 'C' }
}

async function finish(child: Child, name: string, { maxBytes, withStderr }: RunOptions, deadline: Deadline): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>()
  const killer = createKiller(child)
  let failure: ProbeFailure | null = null
  const stop = (why: ProbeFailure): void => {
    failure ??= why
    killer.terminate(() => reject(failure))
  }
  const onAbort = (): void => stop(deadline.failure('exec'))
  deadline.signal.addEventListener('abort', onAbort, { once: true })
  const stdout = collectOutput(child.stdout, maxBytes, stop)
  const stderr = withStderr === true ? collectOutput(child.stderr, maxBytes, stop) : () => Buffer.alloc(0)
  const stderrLine = collectStderrLine(child.stderr)
  child.on('error', (error) => reject(toSpawnFailure(error, name)))
  child.on('close', (code, signal) => {
    if (failure !== null) reject(failure)
    else if (code === null) reject(new ProbeFailure('exit_status', 'exec', `ended by signal ${signal ?? 'unknown'}`))
    else resolve({ exitCode: code, stdout: Buffer.concat([stdout(), stderr()]), stderrLine: stderrLine() })
  })
  try {
    return await promise
  } finally {
    deadline.signal.removeEventListener('abort', onAbort)
    killer.finish()
  }
}

/** Ends a child's whole process group, politely first; `giveUp` runs when even SIGKILL brought no end. */
function createKiller(child: Child): { terminate: (giveUp: () => void) => void; finish: () => void } {
  const timers: NodeJS.Timeout[] = []
  const terminate = (giveUp: () => void): void => {
    if (timers.length > 0) return
    killGroup(child.pid, 'SIGTERM')
    timers.push(setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_GRACE_MS))
    timers.push(setTimeout(giveUp, 2 * KILL_GRACE_MS))
  }
  const finish = (): void => {
    for (const timer of timers) clearTimeout(timer)
    // Also after a normal end: what the command left running in the background would be left behind.
    killGroup(child.pid, 'SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
  }
  return { terminate, finish }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // ESRCH: the group is gone already, which is what was wanted.
  }
}

function toSpawnFailure(error: NodeJS.ErrnoException, name: string): ProbeFailure {
  if (error.code === 'ENOENT') return new ProbeFailure('exit_status', 'exec', scrubLine(`command not found: ${name}`), error)
  if (error.code === 'EACCES' || error.code === 'EPERM') return new ProbeFailure('permission', 'exec', scrubLine(`not allowed to run: ${name}`), error)
  return new ProbeFailure('internal', 'exec', scrubLine(`cannot run: ${error.code ?? error.message}`), error)
}
