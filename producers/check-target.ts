import { isIPv6 } from 'node:net'
import type { Check } from '../schemas/estate.ts'

/** `address:port`, with brackets around an IPv6 address. */
export function hostPort(address: string, port: number): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

/** What a check looks at, in one line, from the estate alone: for events of looks that never came to be. */
export function targetOf(check: Check): string {
  switch (check.kind) {
    case 'tcp':
    case 'tls':
    case 'postgres':
    case 'redis':
      return hostPort(check.address, check.port)
    case 'http':
    case 'prometheus':
    case 'alertmanager':
      return check.url
    case 'textfile':
    case 'backup-health':
    case 'freshness':
      return check.url ?? check.path ?? check.id
    case 'sql-freshness':
      return `${check.database.name}/${check.table}.${check.column}`
    case 'release-parity':
      return check.live?.url ?? check.host ?? check.id
    case 'source-presence':
      return check.remote ?? check.host ?? check.id
    case 'argocd':
      return check.application ?? check.host ?? check.id
    case 'offsite':
      return check.remote ?? check.host ?? check.id
    case 'import-job':
      return `${check.database.name}/${check.table}${check.type === undefined ? '' : ` ${check.type}`}`
    case 'sql-parity':
      return check.database === undefined ? (check.host ?? check.id) : `${check.database.name}/${check.left?.table} ${check.right?.table}`
    case 'file':
    case 'escrow':
    case 'token-metadata':
    case 'known-hosts':
      return check.path
    case 'ping':
    case 'arp':
      return check.address
    case 'command':
      return check.command
    case 'delegated':
      return check.command ?? check.path ?? check.id
    default:
      return check.host ?? check.id
  }
}
