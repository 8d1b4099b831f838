import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Fault } from '../../examples/awoooi/simulated/fault.ts'
import { asOperator, runOn } from '../../examples/awoooi/simulated/simulated-estate.ts'
import { evaluateDeclarations } from '../../guards/declaration.ts'
import { snapshotInput } from '../../guards/guard-input.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { projectRound } from '../../projector/project-round.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { plainEnvironment, type Ran } from '../cli/run-program.ts'

export const SIMULATED_ESTATE = 'examples/awoooi/estate.yaml'

function evidence(dir: string, ...words: string[]): Ran {
  const { words: before, env } = asOperator(dir)
  const [program = '', ...rest] = [...before, ...words]
  const ran = spawnSync(program, rest, { encoding: 'utf8', env: plainEnvironment({ ...env, EVIDENCE_LEDGER: 'ledger.db' }) })
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
}

export type Conclusion = { snapshot: Snapshot; checks: Record<string, string>; gates: Record<string, string>; allowed: string[]; reasons: string[] }

/** A whole round by the program, then what its evidence says. */
export async function simulatedRound(dir: string, id: string, options = ['--send-alert-test']): Promise<Conclusion> {
  const { code, stderr } = evidence(dir, 'round', 'run', '--estate', SIMULATED_ESTATE, '--id', id, ...options, '--quiet', '--operator', 'Night Shift')
  if (code !== 0 && code !== 1) throw new Error(`round ${id}: exit ${code}: ${stderr}`)
  const ledger = openSqliteLedger({ path: path.join(dir, 'ledger.db'), mode: 'readonly' })
  try {
    const snapshot = await projectRound(ledger, id)
    const { declarations } = evaluateDeclarations(snapshotInput(snapshot))
    return {
      snapshot,
      checks: Object.fromEntries(snapshot.checks.map((check) => [check.id, check.status])),
      gates: Object.fromEntries(snapshot.gates.map((gate) => [gate.id, gate.status])),
      allowed: declarations.filter(({ allowed }) => allowed).map(({ name }) => name),
      reasons: snapshot.checks.filter(({ status }) => status !== 'PASS').map((one) => `${one.id} ${one.status}: ${one.reasons.join('; ')}`),
    }
  } finally {
    await ledger.close()
  }
}

/** What says yes, or the test ends here. */
function must(dir: string, ...words: string[]): string {
  const { code, stdout, stderr } = evidence(dir, ...words)
  if (code !== 0) throw new Error(`evidence ${words.join(' ')}: exit ${code}: ${stdout}${stderr}`)
  return stdout
}

/** The owner answers both packets, an independent reviewer accepts, and the five markers are written. */
export function closeOwnerGates(dir: string, id: string): void {
  must(dir, 'guard', 'packets', id, '--output', 'packets.json', '--template', 'response.json')
  const response = JSON.parse(readFileSync(path.join(dir, 'response.json'), 'utf8')) as Response
  const now = Date.now()
  const inDays = (days: number): string => new Date(now + days * 86_400_000).toISOString()
  Object.assign(response, { owner_id: 'M. Owner', responded_at: inDays(0), valid_until: inDays(7) })
  for (const { gate_id, evidence: all } of response.responses) {
    const reference_type = gate_id === 'credential_escrow_evidence' ? 'vault_item_id' : 'record_id'
    for (const [n, one] of all.entries()) Object.assign(one, { reference_type, reference: `VLT-${4100 + n}`, recorded_on: inDays(0).slice(0, 10) })
  }
  writeFileSync(path.join(dir, 'filled.json'), JSON.stringify(response))
  must(dir, 'guard', 'preflight', id, '--response-file', 'filled.json')
  const people = ['--reviewer', 'R. View', '--owner', 'M. Owner', '--decision', 'accepted', '--expires', inDays(90).slice(0, 10)]
  for (const { gate_id } of response.responses) must(dir, 'review', 'record', id, '--gate', gate_id, '--response-file', 'filled.json', ...people)
  for (const [n, { id: item }] of (response.responses[0]?.evidence ?? []).entries()) {
    const mark = ['escrow', 'mark', '--item', item, '--evidence-id', `VLT-${4100 + n}`, '--markers', '/var/lib/evidence-ledger/escrow']
    must(dir, ...mark, '--dry-run')
    must(dir, ...mark)
  }
}
type Response = { responses: { gate_id: string; evidence: { id: string }[] }[] }

/** Breaks or repairs something, or the test ends here. */
export function changeSimulated(dir: string, machine: Fault['on'], script: string, what: string): void {
  const { status, stderr } = runOn(dir, machine, script)
  if (status !== 0) throw new Error(`${what}: exit ${status}: ${stderr}`)
}
