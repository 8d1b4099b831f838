import type { Client, ClientChannel } from 'ssh2'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunResult } from '../transport.ts'
import { collectOutput, collectStderrLine } from './collect-output.ts'
import type { Deadline } from './deadline.ts'

/** How long a stopped channel may take to close before its whole connection is given up. */
const CLOSE_GRACE_MS = 300

export type ExecOptions = {
  maxBytes: number
  withStderr?: boolean | undefined
  deadline: Deadline
  /** Called when a channel would not open or close in time: no new work for this connection. */
  onStuck: () => void
}

type ExitReport = { code: unknown; signal: unknown } | null
/** A channel, its end, and what the server reported at that end. */
type Watched = { channel: ClientChannel; closed: Promise<void>; exitCode: () => number | ProbeFailure }

/**
 * Runs one command line in a channel of its own. A result needs an exit status from the server and no signal; a
 * channel that closes without one is a failure, because ssh2 reports a dropped socket like an end. A command that is
 * stopped is sent SIGKILL, which OpenSSH passes on to the process group except for forced commands and root logins.
 */
export async function execOver(client: Client, commandLine: string, options: ExecOptions): Promise<RunResult> {
  const watched = await openChannel(client, commandLine, options)
  const { channel } = watched
  const stopped = Promise.withResolvers<ProbeFailure>()
  const onAbort = (): void => stopped.resolve(options.deadline.failure('exec'))
  const stdout = collectOutput(channel, options.maxBytes, stopped.resolve)
  const stderr = options.withStderr === true ? collectOutput(channel.stderr, options.maxBytes, stopped.resolve) : () => Buffer.alloc(0)
  const stderrLine = collectStderrLine(channel.stderr)
  options.deadline.signal.addEventListener('abort', onAbort, { once: true })
  if (options.deadline.signal.aborted) onAbort()
  // No input, ever: a command that asks for some gets its end.
  channel.end()
  try {
    const failure = await Promise.race([watched.closed, stopped.promise])
    if (failure instanceof ProbeFailure) throw await stop(watched, failure, options.onStuck)
    const code = watched.exitCode()
    if (code instanceof ProbeFailure) throw code
    return { exitCode: code, stdout: Buffer.concat([stdout(), stderr()]), stderrLine: stderrLine() }
  } finally {
    options.deadline.signal.removeEventListener('abort', onAbort)
  }
}

/** Ends the command and its channel; gives the failure back when the channel is closed or has been given up. */
async function stop({ channel, closed }: Watched, failure: ProbeFailure, onStuck: () => void): Promise<ProbeFailure> {
  killChannel(channel)
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    onStuck()
    resolve()
  }, CLOSE_GRACE_MS)
  await Promise.race([closed, promise])
  clearTimeout(timer)
  return failure
}

async function openChannel(client: Client, commandLine: string, { deadline, onStuck }: ExecOptions): Promise<Watched> {
  const { promise, resolve, reject } = Promise.withResolvers<Watched>()
  try {
    // LC_ALL is a request; a server that does not take it (AcceptEnv) only costs the wording of its messages.
    client.exec(commandLine, { env: { LC_ALL: 'C' } }, (error, channel) => {
      if (error) reject(openFailure(error))
      else if (deadline.signal.aborted) killChannel(channel)
      else resolve(watch(channel))
    })
  } catch (error) {
    reject(new ProbeFailure('unreachable', 'exec', 'not connected', error))
  }
  try {
    return await deadline.race(promise, 'exec')
  } catch (error) {
    // A server that does not even answer the request for a channel gets no further work on this connection.
    if (deadline.signal.aborted) onStuck()
    throw error
  }
}

/** ssh2 answers what was still open on a lost connection with `No response from server`; anything else is the server's no. */
function openFailure(error: Error): ProbeFailure {
  const isLost = /no response from server|not connected/iu.test(error.message)
  return new ProbeFailure(isLost ? 'unreachable' : 'refused', 'exec', scrubLine(error.message), error)
}

/** Listens from the very first moment: a fast command's exit status comes in the same packet as the channel itself. */
function watch(channel: ClientChannel): Watched {
  let report: ExitReport = null
  const { promise, resolve } = Promise.withResolvers<void>()
  channel.on('error', () => {})
  channel.on('exit', (code: unknown, signal?: unknown) => {
    report = { code, signal }
  })
  channel.on('close', () => resolve())
  return { channel, closed: promise, exitCode: () => toExitCode(report) }
}

/** The exit code that the server reported, or why there is none. */
function toExitCode(report: ExitReport): number | ProbeFailure {
  if (report === null) return new ProbeFailure('unreachable', 'exec', 'channel closed without an exit status')
  if (typeof report.code === 'number' && Number.isInteger(report.code)) return report.code
  return new ProbeFailure('exit_status', 'exec', scrubLine(`ended by signal ${String(report.signal ?? 'unknown')}`))
}

function killChannel(channel: ClientChannel): void {
  // Drained, or its close would wait for data that nobody reads.
  channel.on('error', () => {})
  channel.resume()
  channel.stderr.resume()
  try {
    sendKill(channel)
    channel.close()
  } catch {
    // The connection is gone, and the channel with it.
  }
}

type ChannelInside = { _client?: { _protocol?: { signal?: (id: number, name: string) => void } }; outgoing?: { id: number; state: string } }

/**
 * `channel.signal()` sends nothing once our side of the channel has ended, and it ends when the command starts; the
 * protocol allows it (RFC 4254 §6.9), but not after our own close: a server ends the whole connection for that. ssh2
 * is pinned, and a test with the real sshd holds this to working.
 */
function sendKill(channel: ClientChannel): void {
  const { _client, outgoing } = channel as unknown as ChannelInside
  if (outgoing?.state === 'open' || outgoing?.state === 'eof') _client?._protocol?.signal?.(outgoing.id, 'KILL')
}
