import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { EvidenceError } from '../schemas/errors.ts'
import type { Estate } from '../schemas/estate.ts'
import type { OpenTransport } from './host-transports.ts'
import { type KnownHosts, parseKnownHosts } from './transports/known-hosts.ts'
import { createLocalTransport } from './transports/local.ts'

/**
 * The real transports of an estate: this machine, and SSH with the estate's own known_hosts. Relative paths start at
 * the estate's folder. `agent` is the socket of an ssh agent, for hosts without a key file.
 * Throws `file_unreadable` or `estate_invalid` where an ssh host has no usable known_hosts.
 */
export async function buildOpenTransport(estate: Estate, baseDir: string, agent: string | undefined): Promise<OpenTransport> {
  const needsKnownHosts = estate.hosts.some((host) => host.transport === 'ssh')
  const knownHosts = needsKnownHosts ? await readKnownHosts(path.resolve(baseDir, estate.known_hosts ?? 'known_hosts')) : []
  // Loaded where it is needed: an estate of this machine alone must not wait for an SSH library.
  const ssh = needsKnownHosts ? await import('./transports/ssh.ts') : null
  return (host, signal) => {
    if (host === null || host.transport === 'local') return createLocalTransport({ baseDir })
    if (host.address === undefined || host.ssh === undefined || ssh === null)
      throw new EvidenceError('estate_invalid', `host ${host.id} has no address or no ssh settings`)
    const keyFile = host.ssh.key_file === undefined ? undefined : path.resolve(baseDir, host.ssh.key_file)
    const { user, port } = host.ssh
    return ssh.createSshTransport({ host: host.address, port, user, keyFile, agent, connectTimeoutMs: estate.defaults.timeout_ms, knownHosts, signal })
  }
}

async function readKnownHosts(file: string): Promise<KnownHosts> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new EvidenceError('file_unreadable', `cannot read known_hosts file ${file}: ${code}`, { cause: error })
  })
  return parseKnownHosts(text)
}
