import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { EvidenceError } from '../../schemas/errors.ts'
import type { ServeConfig } from '../serve-config.ts'
import type { AccessPort } from './access-port.ts'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')
LOOPBACK.addSubnet('::ffff:127.0.0.0', 104, 'ipv6')

export function isLoopback(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && LOOPBACK.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/**
 * With authentication off the service is for this machine only: every address that `host` resolves to must be of the
 * loopback, and no other name or proxy may lead here. Throws `usage`. `::`, `0.0.0.0` and an empty name are everywhere.
 */
export async function assertMayListen({ host, allowed_hosts, trusted_proxies }: ServeConfig, { auth }: Pick<AccessPort, 'auth'>): Promise<void> {
  if (auth !== 'off') return
  if (allowed_hosts.length > 0 || trusted_proxies.length > 0) throw refused('allowed_hosts and trusted_proxies lead others here')
  const addresses = isIP(host) ? [host] : await resolve(host)
  if (!addresses.every(isLoopback)) throw refused(`${host} is not the loopback`)
}

/** Asked again of the socket itself: a name may have resolved to something else meanwhile. */
export function assertBoundTo(addresses: readonly string[], { auth }: Pick<AccessPort, 'auth'>): void {
  if (auth === 'off' && !addresses.every(isLoopback)) throw refused('it was bound to an address that is not the loopback')
}

async function resolve(host: string): Promise<string[]> {
  try {
    const found = await lookup(host, { all: true })
    if (found.length > 0) return found.map(({ address }) => address)
  } catch (error) {
    throw new EvidenceError('usage', `--host ${host} cannot be resolved`, { cause: error })
  }
  throw new EvidenceError('usage', `--host ${host} resolves to nothing`)
}

function refused(why: string): EvidenceError {
  return new EvidenceError('usage', `authentication is off, and ${why}`, {
    remedy: 'make a token with "evidence token create", or configure oidc (docs/api-access.md); or listen on 127.0.0.1',
  })
}
