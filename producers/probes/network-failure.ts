import type { FailureReason } from '../../schemas/primitives.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'

const REASONS: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'unreachable',
  ECONNABORTED: 'unreachable',
  EPIPE: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'dns',
  EACCES: 'permission',
  EPERM: 'permission',
}

/** Codes of Node's TLS layer and of OpenSSL's certificate verification. */
const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|EPROTO$|UNABLE_TO_|CERT_|CRL_|ERROR_IN_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH$|INVALID_(CA|PURPOSE)$|PATH_LENGTH_)/

/** Reason of a socket, DNS, TLS or HTTP parser error code; what we do not know is `internal`, never a guess. */
export function reasonOfCode(code: string): FailureReason {
  if (TLS_CODE.test(code)) return 'tls'
  if (code.startsWith('EAI_')) return 'dns'
  if (code.startsWith('HPE_')) return 'parse'
  return REASONS[code] ?? 'internal'
}

/** Turns what a socket threw into a `ProbeFailure`; one that already is one stays as it is. Only the code is kept. */
export function toNetworkFailure(error: unknown, stage: string): ProbeFailure {
  if (error instanceof ProbeFailure) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error'
  const reason = reasonOfCode(code)
  return new ProbeFailure(reason, reason === 'dns' || reason === 'tls' ? reason : stage, scrubLine(code), error)
}
