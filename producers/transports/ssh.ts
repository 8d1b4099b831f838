import { ProbeFailure, type RunOptions, type RunResult, type Transport } from '../transport.ts'
import { createSlots } from './channel-slots.ts'
import { startDeadline } from './deadline.ts'
import { judgeHostKey } from './host-key.ts'
import { type KnownHosts, keysOf } from './known-hosts.ts'
import { connectSsh, type SshTarget } from './ssh-connect.ts'
import { execOver } from './ssh-exec.ts'
import { quoteArgv } from './ssh-quote.ts'
import { readRemoteFile, statRemoteFile } from './ssh-read.ts'
import { createSharedConnection } from './ssh-shared.ts'

export type SshOptions = SshTarget & {
  /** The estate's own file, parsed; the user's known_hosts is never read and none is ever written. */
  knownHosts: KnownHosts
  /** Ends the connection and every call on it. */
  signal: AbortSignal
}

/**
 * OpenSSH allows ten sessions a connection by default (MaxSessions), and counts one until it has cleaned up after its
 * channel: commands that end together and those that follow them at once may all count, so half of it.
 */
const MAX_CHANNELS = 5

/**
 * One machine over SSH: one connection, opened by the first call and shared, at most five commands at once.
 *
 * A connection that dies fails the calls that were using it; the next call opens one new connection, with the host
 * key checked anew. Nothing is repeated behind a caller's back: another try is the runner's to make and to record.
 * A failed connect is shared by the calls that waited for it and not remembered.
 */
export function createSshTransport(options: SshOptions): Transport {
  const known = keysOf(options.knownHosts, options.host, options.port)
  const verdict = (key: Buffer): boolean => judgeHostKey(known, key) === 'trusted'
  const ending = new AbortController()
  const slots = createSlots(MAX_CHANNELS)
  const shared = createSharedConnection(() => connectSsh(options, known, verdict, ending.signal))
  const run = async (argv: readonly string[], { maxBytes, withStderr, ...limits }: RunOptions): Promise<RunResult> => {
    const commandLine = toCommandLine(argv)
    if (ending.signal.aborted) throw new ProbeFailure('internal', 'connect', 'transport is closed')
    const deadline = startDeadline(limits)
    try {
      const release = await slots.acquire(deadline.signal).catch(() => Promise.reject(deadline.failure('queue')))
      return await shared.use(deadline, (client, onStuck) => execOver(client, commandLine, { maxBytes, withStderr, deadline, onStuck })).finally(release)
    } finally {
      deadline.clear()
    }
  }
  const close = async (): Promise<void> => {
    options.signal.removeEventListener('abort', close)
    ending.abort()
    await shared.end()
  }
  options.signal.addEventListener('abort', close, { once: true })
  if (options.signal.aborted) ending.abort()
  return { run, close, readFile: (path, limits) => readRemoteFile(run, path, limits), stat: (path, limits) => statRemoteFile(run, path, limits) }
}

function toCommandLine(argv: readonly string[]): string {
  try {
    return quoteArgv(argv)
  } catch (error) {
    throw new ProbeFailure('internal', 'exec', 'not a runnable command', error)
  }
}
