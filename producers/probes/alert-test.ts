import { exchangeHttp } from './http-exchange.ts'

export type TestAlert = { url: string; ca: string | null; at: Date; timeoutMs: number; signal: AbortSignal }

/**
 * Posts one firing alert to a receiver in Alertmanager's webhook format, as the runbook does by hand (§8), and gives
 * the status of its answer. The only request of any probe that is not a read; it is sent because an operator said so.
 */
export async function sendTestAlert({ url, ca, at, timeoutMs, signal }: TestAlert): Promise<number> {
  const alert = {
    status: 'firing',
    labels: { alertname: 'ColdStartE2ETest', severity: 'info' },
    annotations: { summary: 'Cold start E2E test, ignore' },
    startsAt: at.toISOString(),
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: '',
  }
  const common = { groupLabels: {}, commonLabels: {}, commonAnnotations: {}, externalURL: '' }
  const message = { receiver: 'cold-start-test', status: 'firing', alerts: [alert], ...common, version: '4', groupKey: 'cold-start-test' }
  const answer = await exchangeHttp({ url, method: 'POST', json: message, ca, maxBytes: 65_536, timeoutMs, signal })
  return answer.status
}
