import type { CheckOf } from '../../schemas/estate.ts'
import { runnerGuardrailsUnmet } from '../../schemas/expectations/runner-guardrails.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { UnitName } from '../../schemas/machine-checks.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { toListedUnits } from './host-facts.ts'
import { createLookBudget } from './look-budget.ts'
import { runCatalogue } from './run-catalogue.ts'
import { parseShownUnits, type UnitProperties } from './systemd-show.ts'
import { parseSpan } from './systemd-span.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

type Unit = FactsOf<'runner-guardrails'>['units'][number]
const MAX_OUTPUT_BYTES = 1_048_576
const NEEDED = ['LoadState', 'ActiveState', 'CPUQuotaPerSecUSec', 'MemoryMax', 'WatchdogUSec']

/** Finds the services of a pattern, and asks systemd for their limits. No service is no failure: the expectation counts them. */
export async function probeRunnerGuardrails(check: CheckOf<'runner-guardrails'>, context: ProbeContext): Promise<Look<'runner-guardrails'>> {
  const budget = createLookBudget(context)
  const listed = await runCatalogue(context, commandLine('systemd.matching', { pattern: check.pattern }), budget(MAX_OUTPUT_BYTES))
  const names = toListedUnits(toUtf8Text(listed.stdout))
  if (!names.every((name) => UnitName.safeParse(name).success)) throw new ProbeFailure('parse', 'parse', 'systemctl listed something else')
  const shown = names.length === 0 ? null : await runCatalogue(context, commandLine('systemd.limits', { unit: names }), budget(MAX_OUTPUT_BYTES))
  const blocks = shown === null ? [] : parseShownUnits(toUtf8Text(shown.stdout), names.length, NEEDED)
  const facts = toFacts(FACTS['runner-guardrails'], { units: names.map((name, i) => toUnit(name, blocks[i] as UnitProperties)) })
  return { target: targetOf(check), asOf: null, met: runnerGuardrailsUnmet(check, facts, context.now()).length === 0, facts }
}

function toUnit(name: string, properties: UnitProperties): Unit {
  const text = (key: string): string => properties.get(key) ?? ''
  const quota = parseSpan(text('CPUQuotaPerSecUSec'))
  return {
    name,
    load: text('LoadState'),
    active: text('ActiveState'),
    // Microseconds of processor time a second: 2 s are 200 %.
    cpu_quota_percent: typeof quota === 'number' ? quota / 10_000 : quota,
    memory_max_bytes: toBytes(text('MemoryMax')),
    watchdog_us: parseSpan(text('WatchdogUSec')),
  }
}

function toBytes(text: string): number | 'infinity' | null {
  if (text === 'infinity') return 'infinity'
  return /^\d{1,15}$/u.test(text) ? Number(text) : null
}
