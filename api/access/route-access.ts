import type { Principal, Role } from './principal.ts'

/**
 * Who a route is for. Every route declares it (`config: { access: … }`); one that does not keeps the service from starting.
 *
 * - `public`: anybody, also without credentials;
 * - `known`: whoever is identified, with any role;
 * - `read`: auditor, operator, owner, reviewer;
 * - `append`: producer. The route itself calls `assertSource` for every event;
 * - `operate`, `own`, `review`: operator, owner, reviewer.
 */
export const ROLES_OF = {
  public: null,
  known: null,
  read: ['auditor', 'operator', 'owner', 'reviewer'],
  append: ['producer'],
  operate: ['operator'],
  own: ['owner'],
  review: ['reviewer'],
} as const satisfies Record<string, readonly Role[] | null>

export type Access = keyof typeof ROLES_OF

/**
 * `access`: who it is for. `audit: 'packet_read'`: the route gives owner packets away, in whatever form; the guard writes
 * the audit event of that read before the handler runs, and the handler does not run where it cannot (503). The route's
 * parameter `id` is the round.
 */
declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
    audit?: 'packet_read'
  }
  interface FastifyRequest {
    /** `NOBODY` on public routes that were asked for without credentials. */
    principal: Principal
    /** Whether the credentials of this request still open its route; for answers that last. Throws where that cannot be told. */
    mayStill(): Promise<boolean>
  }
}
