import type { AccessRefusal } from '../../schemas/event.ts'
import type { Principal } from './principal.ts'

/** Where not ok: `principal` is whose credentials they were, where that is proved, for the audit trail and nothing else. */
export type Identified =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly reason: AccessRefusal; readonly principal?: Principal }

/**
 * Tells who asks. `auth`: which credentials it knows; `off` gives everybody the principal of this machine, and is for the
 * loopback only (`assertMayListen`).
 *
 * - `identify` takes the Authorization header as it came. It never throws for what a client sent, and never tells why in
 *   more words than its closed list.
 * - Fails closed: where tokens or keys cannot be read nobody is identified.
 */
export interface AccessPort {
  readonly auth: 'off' | 'token' | 'oidc' | 'token+oidc'
  identify(authorization: string | undefined): Promise<Identified>
  close(): void
}

/** Authentication off: everybody who reaches the service is this principal. */
export function openAccess(principal: Principal): AccessPort {
  return { auth: 'off', identify: async () => ({ ok: true, principal }), close: () => undefined }
}
