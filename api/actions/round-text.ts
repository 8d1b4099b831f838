import type { Snapshot } from '../../schemas/snapshot.ts'

/** Marks a text as a terminal would show it; without one the text stays as it is. */
export type Paint = (colour: 'green' | 'yellow' | 'red' | 'bold', text: string) => string

const STATUS_COLOURS = { PASS: 'green', WARN: 'yellow', BLOCKED: 'red', NOT_EVALUATED: 'yellow' } as const

/** A round for people: what it is, how far it can be trusted, then every gate with its checks. */
export function roundText(snapshot: Snapshot, paint: Paint = (_colour, text) => text): string {
  const { evidence, coverage, summary } = snapshot
  const head = [
    `round      ${snapshot.artifact_id}`,
    `estate     ${snapshot.estate.id} ${snapshot.estate.version}, policy sop@${snapshot.policy_version}`,
    `integrity  ${evidence.integrity}${evidence.integrity_reasons.length > 0 ? `: ${evidence.integrity_reasons.join('; ')}` : ''} (${evidence.count} events, root ${evidence.root.slice(0, 16)})`,
    ...(snapshot.recorded === null ? [] : [`recorded   transcribed from ${snapshot.recorded.document}`]),
    `coverage   ${coverage.observed} observed, ${coverage.unobserved} not, ${coverage.not_evaluated} not evaluated, ${coverage.conflicting} conflicting, of ${coverage.expected}`,
    `cold start ${snapshot.cold_start.result}`,
    `result     ${paint('bold', summary.OVERALL_DECLARATION ?? 'unknown')}, ${summary.PLAN_B_LEVEL}`,
  ]
  const gates = snapshot.gates.flatMap((gate) => [
    `\n${gate.status.padEnd(8)} ${gate.id}`,
    ...snapshot.checks.filter((check) => check.gate === gate.id).map((check) => checkLine(check, paint)),
  ])
  return `${[...head, ...gates].join('\n')}\n`
}

function checkLine(check: Snapshot['checks'][number], paint: Paint): string {
  const status = check.warning_class === null ? check.status : `${check.status}(${check.warning_class})`
  const marks = [check.conflicting ? 'conflicting' : '', check.counted ? '' : 'not known to this policy'].filter((mark) => mark !== '')
  const why = [...check.reasons, ...marks].join('; ')
  return `  ${paint(STATUS_COLOURS[check.status], status.padEnd(15))} ${check.id}${why === '' ? '' : `: ${why}`}`
}
