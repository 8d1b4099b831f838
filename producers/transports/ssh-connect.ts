import ssh2, { type Client, type ConnectConfig } from 'ssh2'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'
import { hostKeyAlgorithms, hostKeyFailure, toStrictVerifier } from './host-key.ts'
import type { KnownKeys } from './known-hosts.ts'
import { readPrivateKey } from './private-key.ts'

export type SshTarget = {
  host: string
  port: number
  user: string
  /** Private key file; without it the agent at `agent` (a socket path) is asked. */
  keyFile?: string | undefined
  agent?: string | undefined
  connectTimeoutMs: number
}

type Phase = 'connect' | 'handshake' | 'auth'
const KEEPALIVE = { keepaliveInterval: 5000, keepaliveCountMax: 2 }

/**
 * One authenticated connection. `verdict` decides about the server's key; only `true` lets it through. Only public
 * keys are offered, never a password. Rejects with a `ProbeFailure` that names the stage; nothing stays open then.
 */
export async function connectSsh(target: SshTarget, known: KnownKeys, verdict: unknown, signal: AbortSignal): Promise<Client> {
  const auth = await authConfig(target)
  const client = new ssh2.Client()
  const { promise, resolve, reject } = Promise.withResolvers<Client>()
  const strict = toStrictVerifier(verdict)
  let phase: Phase = 'connect'
  let seen: Buffer | null = null
  let accepted = false
  const hostVerifier = (key: Buffer): boolean => {
    seen = key
    accepted = strict(key)
    return accepted
  }
  const failed = (error: Error | null): void => reject(toFailure({ error, phase, denied: seen !== null && !accepted, known, seen }))
  const onAbort = (): void => reject(new ProbeFailure('timeout', phase, 'cancelled'))
  client.on('connect', () => {
    phase = 'handshake'
    client.setNoDelay(true)
  })
  client.on('handshake', () => {
    phase = 'auth'
  })
  // The listener stays for the connection's life: an 'error' without one would end the process.
  client.on('error', failed)
  client.on('close', () => failed(null))
  // Belt and braces: a connection whose key nobody accepted is not one, whatever ssh2 thinks.
  client.on('ready', () => (accepted ? resolve(client) : failed(null)))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) onAbort()
    else client.connect({ ...connectConfig(target, known), ...auth, hostVerifier })
    return await promise
  } catch (error) {
    client.destroy()
    throw error instanceof ProbeFailure ? error : new ProbeFailure('auth', 'auth', 'connection settings refused', error)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function connectConfig(target: SshTarget, known: KnownKeys): ConnectConfig {
  const serverHostKey = hostKeyAlgorithms(known.keyTypes)
  return {
    ...KEEPALIVE,
    host: target.host,
    port: target.port,
    readyTimeout: target.connectTimeoutMs,
    ...(serverHostKey === undefined ? {} : { algorithms: { serverHostKey } }),
  }
}

async function authConfig(target: SshTarget): Promise<ConnectConfig> {
  const username = target.user
  if (target.keyFile !== undefined) return { username, privateKey: await readPrivateKey(target.keyFile), authHandler: ['publickey'] }
  if (target.agent !== undefined) return { username, agent: target.agent, authHandler: ['agent'] }
  throw new ProbeFailure('auth', 'auth', 'no key file and no ssh agent')
}

type Trouble = { error: (Error & { level?: string; code?: unknown }) | null; phase: Phase; denied: boolean; known: KnownKeys; seen: Buffer | null }

function toFailure({ error, phase, denied, known, seen }: Trouble): ProbeFailure {
  if (denied) return hostKeyFailure(known, seen)
  if (error === null) return new ProbeFailure('unreachable', phase, 'connection closed by the other side')
  if (/no matching host key/iu.test(error.message)) return hostKeyFailure(known, null)
  if (error.level === 'client-timeout') return new ProbeFailure('timeout', phase, 'no connection in time', error)
  if (error.level === 'client-socket') return socketFailure(error, phase)
  // A numeric code is the reason of the server's own DISCONNECT message: it talked to us and said no.
  if (error.level === 'client-authentication' || error.level === 'agent' || (phase === 'auth' && typeof error.code === 'number')) {
    return new ProbeFailure('auth', 'auth', 'authentication refused', error)
  }
  return new ProbeFailure('unreachable', phase, scrubLine(error.message), error)
}

function socketFailure(error: Error & { code?: unknown }, phase: Phase): ProbeFailure {
  const code = typeof error.code === 'string' ? error.code : 'unknown'
  if (code === 'ECONNREFUSED') return new ProbeFailure('refused', phase, code, error)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new ProbeFailure('dns', 'dns', code, error)
  if (code === 'ETIMEDOUT') return new ProbeFailure('timeout', phase, code, error)
  if (code === 'EACCES' || code === 'EPERM') return new ProbeFailure('permission', phase, code, error)
  return new ProbeFailure('unreachable', phase, code, error)
}
