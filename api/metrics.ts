import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ApiPorts } from './ports.ts'
import type { ApiInstance } from './route-group.ts'

/** Metrics of one service, in a registry of its own. `docs/api-access.md` names every one with its labels. */
export type ApiMetrics = {
  readonly contentType: string
  readonly requestSeconds: Histogram<'route' | 'method' | 'status'>
  readonly refusals: Counter<'reason'>
  readonly auditEvents: Counter<'type'>
  readonly auditFailures: Counter
  readonly liveReaders: Gauge
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>
}

/** `readPosition`: the last position of the ledger, asked for at each scrape; null where that cannot be told cheaply. */
export function buildMetrics(readPosition: (() => Promise<number>) | null): ApiMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // Gauges that end like counters; the same numbers are there by type as nodejs_active_*.
  for (const name of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${name}_total`)
  if (readPosition !== null) {
    new Gauge({
      name: 'evidence_api_ledger_position',
      help: 'last position of the ledger; NaN while it cannot be read',
      registers,
      async collect() {
        this.set(await readPosition().catch(() => Number.NaN))
      },
    })
  }
  return {
    contentType: registry.contentType,
    requestSeconds: new Histogram({
      name: 'evidence_api_request_duration_seconds',
      help: 'from the headers of a request to the last byte of its answer, by template of the route',
      labelNames: ['route', 'method', 'status'] as const,
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
      registers,
    }),
    refusals: new Counter({
      name: 'evidence_api_refusals_total',
      help: 'requests that were turned away, by reason',
      labelNames: ['reason'] as const,
      registers,
    }),
    auditEvents: new Counter({
      name: 'evidence_api_audit_events_total',
      help: 'events written to the audit trail, by type',
      labelNames: ['type'] as const,
      registers,
    }),
    auditFailures: new Counter({ name: 'evidence_api_audit_failures_total', help: 'events that could not be written to the audit trail', registers }),
    liveReaders: new Gauge({ name: 'evidence_api_live_readers', help: 'live readers (server-sent events) that are connected', registers }),
    text: () => registry.metrics(),
  }
}

/** Times every request by the template of its route; what matches none is `none`, so strangers cannot make up labels. */
export function addRequestMetrics(app: ApiInstance, { metrics }: ApiPorts): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const labels = { route: request.routeOptions.url ?? 'none', method: METHODS.has(request.method) ? request.method : 'other', status: reply.statusCode }
    metrics.requestSeconds.observe(labels, reply.elapsedTime / 1000)
  })
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
