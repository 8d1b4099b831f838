/** What a principal may do (docs/api-access.md). */
export const ROLES = ['auditor', 'producer', 'operator', 'owner', 'reviewer'] as const
export type Role = (typeof ROLES)[number]

/**
 * Who asks. `sourcePrefixes`: what the `source` of every event of a producer must be under (`assertSource`); null: any
 * source. `via` none: nobody was identified, which only public routes see.
 */
export type Principal = {
  readonly subject: string
  readonly roles: readonly Role[]
  readonly sourcePrefixes: readonly string[] | null
  readonly via: 'loopback' | 'token' | 'oidc' | 'none'
}

export const NOBODY: Principal = { subject: 'nobody', roles: [], sourcePrefixes: [], via: 'none' }

/** Whoever is on this machine, where authentication is off: every role, as with the command line. */
export function loopbackPrincipal(userName: string): Principal {
  return { subject: userName, roles: ROLES, sourcePrefixes: null, via: 'loopback' }
}
