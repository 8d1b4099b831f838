import type { EventData } from '../../schemas/event.ts'
import type { Asked } from './audit-trail.ts'

type AskedData = Pick<EventData<'access.packet_read.v1'>, 'method' | 'route' | 'principal' | 'via' | 'address'>

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const NOT_IN_TEXT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu

/** In the shape of the audit events. What a client made up (a method, a subject of its token) is cut to what they may hold. */
export function toAsked({ method, route, principal, address }: Asked): AskedData {
  const { subject, via } = principal
  return {
    method: (METHODS.has(method) ? method : 'other') as AskedData['method'],
    route: route.slice(0, 200),
    principal: via === 'none' ? null : subject.replace(NOT_IN_TEXT, '?').slice(0, 200),
    via: via === 'none' ? null : via,
    address: address.replace(NOT_IN_TEXT, '?').slice(0, 64),
  }
}
