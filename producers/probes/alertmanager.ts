import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { alertmanagerUnmet } from '../../schemas/expectations/alertmanager.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { AlertmanagerFacts } from '../../schemas/monitoring-checks.ts'
import { targetOf } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { sendTestAlert } from './alert-test.ts'
import { readCaFile } from './ca-file.ts'
import { exchangeHttp } from './http-exchange.ts'
import { getJson } from './http-json.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'

type Check = CheckOf<'alertmanager'>
type Facts = FactsOf<'alertmanager'>

const MAX_BYTES = 16_777_216
const Alerts = z.array(z.object({ labels: z.record(z.string(), z.string()), status: z.object({ state: z.enum(['active', 'suppressed', 'unprocessed']) }) }))

/**
 * Asks an Alertmanager whether it is healthy and which of the declared alerts it has. Only where the round was started
 * with `--send-alert-test`, one test alert goes to the declared receiver; without it the probe changes nothing.
 */
export async function probeAlertmanager(check: Check, context: ProbeContext): Promise<Look<'alertmanager'>> {
  const budget = createLookBudget(context)
  const ca = await readCaFile(check.ca_file, context.baseDir)
  const base = check.url.replace(/\/$/u, '')
  const { status } = await exchangeHttp({ url: `${base}/-/healthy`, method: 'GET', ca, ...budget(MAX_BYTES) })
  const healthy = status === 200
  const all = healthy ? readAlerts(await getJson({ url: `${base}/api/v2/alerts`, ca, ...budget(MAX_BYTES) })) : null
  const facts = toFacts(AlertmanagerFacts, {
    url: check.url,
    healthy,
    alerts: all === null ? null : countByName([...check.expect_active, ...check.forbid], all),
    total: all?.length ?? null,
    test: check.test_webhook === undefined ? null : await testChain(check.test_webhook, ca, context, budget(MAX_BYTES)),
  })
  return { target: targetOf(check), asOf: null, met: alertmanagerUnmet(check, facts, context.now()).length === 0, facts }
}

function readAlerts(answer: unknown): z.infer<typeof Alerts> {
  const alerts = Alerts.safeParse(answer)
  if (!alerts.success) throw new ProbeFailure('parse', 'parse', 'not a list of alerts')
  return alerts.data
}

/** An alert that is not processed yet is not suppressed: it counts as active. */
function countByName(names: readonly string[], all: z.infer<typeof Alerts>): NonNullable<Facts['alerts']> {
  return [...new Set(names)].map((name) => {
    const own = all.filter((one) => one.labels.alertname === name)
    const suppressed = own.filter((one) => one.status.state === 'suppressed').length
    return { name, active: own.length - suppressed, suppressed }
  })
}

/** A receiver that gives no answer is a fact about the chain; the rest of the look stays. */
async function testChain(url: string, ca: string | null, context: ProbeContext, options: { timeoutMs: number; signal: AbortSignal }): Promise<Facts['test']> {
  if (!context.alertTest) return { sent: false, status: null, failure: null }
  try {
    return { sent: true, status: await sendTestAlert({ url, ca, at: context.now(), ...options }), failure: null }
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error
    return { sent: true, status: null, failure: error.reason }
  }
}
