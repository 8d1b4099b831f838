import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

type Check = CheckOf<'alertmanager'>
type Facts = FactsOf<'alertmanager'>

/** The reason that is only ever a warning (runbook §13.2): nobody asked for the test, so the chain is not proven. */
export const ALERT_TEST_NOT_SENT = 'the end-to-end test alert was not sent'

/**
 * What an Alertmanager check's expectation lacks; empty means met. A healthy Alertmanager does not prove that an alert
 * arrives (§8): where a receiver is declared, only an accepted test alert does. A silenced alert is still there.
 */
export function alertmanagerUnmet(check: Check, facts: Facts, _at: Date): string[] {
  return [...(facts.healthy ? [] : ['is not healthy']), ...alertsUnmet(check, facts), ...testUnmet(check, facts)]
}

function alertsUnmet(check: Check, { alerts }: Facts): string[] {
  if (alerts === null) return check.expect_active.length + check.forbid.length > 0 ? ['not observed: alerts'] : []
  const of = (name: string) => alerts.find((one) => one.name === name) ?? { active: 0, suppressed: 0 }
  return [
    ...check.expect_active.filter((name) => of(name).active === 0).map((name) => reason(`alert ${name} is not active`)),
    ...check.forbid.flatMap((name) => {
      const { active, suppressed } = of(name)
      if (active > 0) return [reason(`alert ${name} is active`)]
      return suppressed > 0 ? [reason(`alert ${name} is there, suppressed`)] : []
    }),
  ]
}

function testUnmet(check: Check, { test }: Facts): string[] {
  if (check.test_webhook === undefined) return []
  if (test === null) return ['not observed: the end-to-end test alert']
  if (!test.sent) return [ALERT_TEST_NOT_SENT]
  if (test.status === null) return [reason(`the end-to-end test alert got no answer: ${test.failure ?? 'unknown'}`)]
  return test.status >= 200 && test.status <= 299 ? [] : [`the end-to-end test alert was answered ${test.status}`]
}
