import type { CheckOf } from '../../schemas/estate.ts'
import { systemdUnmet } from '../../schemas/expectations/systemd.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { toListedUnits } from './host-facts.ts'
import { createLookBudget } from './look-budget.ts'
import { nullIfRefused } from './optional-fact.ts'
import { runCatalogue } from './run-catalogue.ts'
import { parseShownUnits, type UnitProperties } from './systemd-show.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

type Facts = FactsOf<'systemd'>
const MAX_OUTPUT_BYTES = 1_048_576

/** Asks systemd about units by name, and which units of the machine failed. Without a running systemd the look fails. */
export async function probeSystemd(check: CheckOf<'systemd'>, context: ProbeContext): Promise<Look<'systemd'>> {
  const budget = createLookBudget(context)
  const names = [...new Set([...check.units, ...check.stopped_units])]
  const shown = await runCatalogue(context, commandLine('systemd.units', { unit: names }), budget(MAX_OUTPUT_BYTES))
  const blocks = parseShownUnits(toUtf8Text(shown.stdout), names.length, ['LoadState', 'ActiveState', 'SubState'])
  const failed = await nullIfRefused(runCatalogue(context, commandLine('systemd.failed'), budget(MAX_OUTPUT_BYTES)))
  const facts = toFacts(FACTS.systemd, {
    units: names.map((name, i) => toUnit(name, blocks[i] as UnitProperties)),
    failed_units: failed === null ? null : toListedUnits(failed.stdout.toString('utf8')),
  })
  return { target: targetOf(check), asOf: null, met: systemdUnmet(check, facts, context.now()).length === 0, facts }
}

function toUnit(name: string, properties: UnitProperties): Facts['units'][number] {
  const text = (key: string): string => properties.get(key) ?? ''
  const restarts = /^\d{1,9}$/u.exec(text('NRestarts'))?.[0]
  return {
    name,
    load: text('LoadState'),
    active: text('ActiveState'),
    sub: text('SubState'),
    result: text('Result') === '' ? null : text('Result'),
    enabled: text('UnitFileState') === '' ? null : text('UnitFileState'),
    restarts: restarts === undefined ? null : Number(restarts),
    type: text('Type') === '' ? null : text('Type'),
  }
}
