import { buildEvidenceServices, type EvidenceRoutes } from '../evidence-services.ts'
import type { RouteGroup } from '../route-group.ts'
import { SUMMARIES } from '../schemas/summaries.ts'
import { decisionRoutes } from './decisions.ts'
import { eventsInRoutes } from './events-in.ts'
import { exportRoutes } from './exports.ts'
import { guardRoutes } from './guards.ts'
import { historyRoutes } from './history.ts'
import { ledgerRoutes } from './ledger.ts'
import { liveRoutes } from './live.ts'
import { operationRoutes } from './operations.ts'
import { packetRoutes } from './packets.ts'
import { roundEventRoutes } from './round-events.ts'
import { roundRoutes } from './rounds.ts'
import { timelineRoutes } from './timeline.ts'

const GROUPS: readonly EvidenceRoutes[] = [
  roundRoutes,
  roundEventRoutes,
  guardRoutes,
  timelineRoutes,
  packetRoutes,
  exportRoutes,
  historyRoutes,
  ledgerRoutes,
  eventsInRoutes,
  liveRoutes,
  operationRoutes,
  decisionRoutes,
]

/** Everything under /v1: each group with the services they share. */
export const evidenceRoutes: RouteGroup = (app, ports, config) => {
  const services = buildEvidenceServices(app, ports)
  app.addHook('onRoute', (route) => {
    const summary = SUMMARIES[`${String(route.method)} ${route.url}`]
    if (summary !== undefined) route.schema = { ...route.schema, summary }
  })
  for (const addRoutes of GROUPS) addRoutes(app, ports, services, config)
}
