import type { Client } from 'ssh2'
import { ProbeFailure, type RunOptions, type RunResult, type Transport } from '../transport.ts'
import { createSlots } from './channel-slots.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { judgeHostKey } from './host-key.ts'
import { type KnownHosts, keysOf } from './known-hosts.ts'
import { connectSsh, type SshTarget } from './ssh-connect.ts'
import { execOver } from './ssh-exec.ts'
import { quoteArgv } from './ssh-quote.ts'
import { readRemoteFile, statRemoteFile } from './ssh-read.ts'

export type SshOptions = SshTarget & {
  /** The estate's own file, parsed; the user's known_hosts is never read and none is ever written. */
  knownHosts: KnownHosts
  /** Ends the connection and every call on it. */
  signal: AbortSignal
}

/** OpenSSH allows ten sessions a connection by default (MaxSessions). */
const MAX_CHANNELS = 8

type Connection = { client: Client; busy: number; retired: boolean }

/**
 * One machine over SSH: one connection, opened by the first call and shared, at most eight commands at once.
 *
 * A connection that dies fails the calls that were using it; the next call opens one new connection, with the host
 * key checked anew. Nothing is repeated behind a caller's back: another try is the runner's to make and to record.
 * A failed connect is shared by the calls that waited for it and not remembered.
 */
export function createSshTransport(options: SshOptions): Transport {
  const slots = createSlots(MAX_CHANNELS)
  const ending = new AbortController()
  let current: Promise<Connection> | null = null
  let latest: Connection | null = null

  const connect = async (): Promise<Connection> => {
    const known = keysOf(options.knownHosts, options.host, options.port)
    const client = await connectSsh(options, known, (key: Buffer) => judgeHostKey(known, key) === 'trusted', ending.signal)
    latest = { client, busy: 0, retired: false }
    return latest
  }
  const shared = (): Promise<Connection> => {
    if (current !== null) return current
    const opening = connect()
    current = opening
    const forget = (): void => {
      if (current === opening) current = null
    }
    opening.then(({ client }) => client.once('end', forget).once('close', forget), forget)
    return opening
  }
  const retire = (connection: Connection): void => {
    connection.retired = true
    if (latest === connection) current = null
    endIfIdle(connection)
  }
  const exec = async (commandLine: string, maxBytes: number, deadline: Deadline): Promise<RunResult> => {
    const connection = await deadline.race(shared(), 'connect')
    connection.busy++
    try {
      return await execOver(connection.client, commandLine, { maxBytes, deadline, onStuck: () => retire(connection) })
    } finally {
      connection.busy--
      endIfIdle(connection)
    }
  }
  const run = async (argv: readonly string[], runOptions: RunOptions): Promise<RunResult> => {
    const commandLine = toCommandLine(argv)
    const deadline = startDeadline(runOptions)
    try {
      if (ending.signal.aborted) throw new ProbeFailure('internal', 'connect', 'transport is closed')
      const release = await slots.acquire(deadline.signal).catch(() => Promise.reject(deadline.failure('queue')))
      return await exec(commandLine, runOptions.maxBytes, deadline).finally(release)
    } finally {
      deadline.clear()
    }
  }
  const close = async (): Promise<void> => {
    options.signal.removeEventListener('abort', close)
    ending.abort()
    const connection = await current?.catch(() => null)
    connection?.client.destroy()
  }
  options.signal.addEventListener('abort', close, { once: true })
  if (options.signal.aborted) ending.abort()
  return {
    run,
    close,
    readFile: (path, runOptions) => readRemoteFile(run, path, runOptions),
    stat: (path, runOptions) => statRemoteFile(run, path, runOptions),
  }
}

function endIfIdle({ client, busy, retired }: Connection): void {
  if (retired && busy <= 0) client.destroy()
}

function toCommandLine(argv: readonly string[]): string {
  try {
    return quoteArgv(argv)
  } catch (error) {
    throw new ProbeFailure('internal', 'exec', 'not a runnable command', error)
  }
}
