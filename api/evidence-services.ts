import { RoundCache } from './actions/round-cache.ts'
import { LiveFeed } from './live-feed.ts'
import type { ApiPorts } from './ports.ts'
import { RoundRuns } from './round-runs.ts'
import type { ApiInstance } from './route-group.ts'
import type { ServeConfig } from './serve-config.ts'
import { Verifications } from './verifications.ts'

/** What routes about evidence share: one of each a service. `verifications` null: the ledger is no file. */
export type EvidenceServices = {
  readonly cache: RoundCache
  readonly feed: LiveFeed
  readonly runs: RoundRuns
  readonly verifications: Verifications | null
}

export type EvidenceRoutes = (app: ApiInstance, ports: ApiPorts, services: EvidenceServices, config: ServeConfig) => void

/** Builds them; they end with the service: rounds are interrupted, a verification is cut, live readers go. */
export function buildEvidenceServices(app: ApiInstance, ports: ApiPorts): EvidenceServices {
  const services: EvidenceServices = {
    cache: new RoundCache(ports.rounds),
    feed: new LiveFeed(ports.ledger, (error) => app.log.error({ err: error }, 'the ledger cannot be followed')),
    runs: new RoundRuns(ports, { onError: (roundId, error) => app.log.error({ err: error, round: roundId }, 'a round was not finished') }),
    verifications: ports.ledgerFile === null ? null : new Verifications(ports.ledgerFile, ports.newId),
  }
  app.addHook('preClose', async () => services.feed.close())
  app.addHook('onClose', async () => {
    await Promise.all([services.runs.close(), services.verifications?.close()])
  })
  return services
}
