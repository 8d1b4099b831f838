import { expect } from 'vitest'
import { checkPacketContract, contractText } from '../../guards/contract.ts'
import { evaluateDeclarations } from '../../guards/declaration.ts'
import { dispatchNextGates } from '../../guards/dispatch.ts'
import type { GuardInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { preflightResponse, preflightText } from '../../guards/preflight.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { listItems, type SummaryValues } from '../../schemas/summary.ts'
import type { Must } from './recorded-corpus.ts'

/** Expectations about the summary and the snapshot of a round. */
export function expectVerdict(must: Must, snapshot: Snapshot): void {
  const { summary, platform } = snapshot
  if (must.overall !== undefined) expect(summary.OVERALL_DECLARATION).toBe(must.overall)
  if (must.cold_start !== undefined) expect(summary.COLD_START_RESULT).toBe(must.cold_start)
  if (must.first_blocked_gate !== undefined) expect(summary.FIRST_BLOCKED_GATE).toBe(must.first_blocked_gate)
  if (must.plan_b_level !== undefined) expect(summary.PLAN_B_LEVEL).toBe(must.plan_b_level)
  if (must.momo_daily_freshness !== undefined) expect(summary.MOMO_DAILY_FRESHNESS).toBe(must.momo_daily_freshness)
  if (must.momo_db_parity !== undefined) expect(summary.MOMO_DB_PARITY).toBe(must.momo_db_parity ? '1' : '0')
  if (must.momo_data_fresh !== undefined) expect(summary.MOMO_DATA_FRESH).toBe(must.momo_data_fresh ? '1' : '0')
  if (must.escrow_missing_items !== undefined) expect(listItems(summary.ESCROW_MISSING_ITEMS)).toEqual(must.escrow_missing_items)
  if (must.jobs !== undefined) expect(platform.jobs).toEqual(must.jobs)
  if (must.workload !== undefined) expect(platform.workload).toBe(must.workload)
  if (must.recovery !== undefined) {
    expect(summary.RECOVERY_CORE_READY).toBe(String(must.recovery.core_ready))
    expect(summary.RECOVERY_DR_OFFSITE_READY).toBe(String(must.recovery.dr_offsite_ready))
  }
  if (must.blocked !== undefined) expect(summary.POST_START_BLOCKED).toBe(String(must.blocked))
  expectRoutes(must, snapshot)
  expectOwnerGates(must, summary)
}

function expectRoutes(must: Must, { checks, summary }: Snapshot): void {
  const routes = checks.filter((check) => check.id.startsWith('wrapper-route-'))
  if (must.both_routes !== undefined) {
    expect(routes).toHaveLength(2)
    for (const route of routes) expect(route).toMatchObject({ status: must.both_routes, warning_class: must.warn_class ?? null })
  } else if (must.warn_class !== undefined) {
    expect(Number(summary[`POST_START_WARN_${must.warn_class}`])).toBeGreaterThan(0)
  }
}

function expectOwnerGates(must: Must, summary: SummaryValues): void {
  const demanded = listItems(summary.NEXT_REQUIRED_GATES)
  if (must.owner_gates !== undefined) expect(demanded).toEqual(must.owner_gates)
  if (must.owner_gates_include !== undefined) expect(demanded).toEqual(expect.arrayContaining(must.owner_gates_include))
}

/** Expectations about what the guards say, whether the input came from a ledger or from a summary file. */
export function expectGuards(must: Must, input: GuardInput, at: string): void {
  const { declarations } = evaluateDeclarations(input)
  const isAllowed = new Map<string, boolean>(declarations.map((one) => [one.name, one.allowed]))
  for (const name of must.allowed ?? []) expect(isAllowed.get(name), `${name} is allowed`).toBe(true)
  for (const name of must.forbidden ?? []) expect(isAllowed.get(name), `${name} is forbidden`).toBe(false)
  expect(isAllowed.get('AI_REMEDIATION_ENABLED')).toBe(false)
  expect(isAllowed.get('RUNTIME_ACTION_AUTHORIZED')).toBe(false)
  if (must.dispatch_status !== undefined) expect(dispatchNextGates(input).status).toBe(must.dispatch_status)
  expectOwnerGates(must, input.summary.values)
  expectPackets(must, input, at)
}

function expectPackets(must: Must, input: GuardInput, at: string): void {
  const packets = buildOwnerPackets(input)
  if (must.packets !== undefined) expect(packets).toMatchObject(must.packets)
  if (must.contract_guard_line !== undefined) {
    expect(contractText(checkPacketContract(input, JSON.stringify(packets)))).toBe(`${must.contract_guard_line}\n`)
  }
  const preflight = (response: Uint8Array | null): string | undefined =>
    preflightText(preflightResponse(input, response, { at, isReplayed: false })).split('\n')[0]
  if (must.preflight_without_file !== undefined) expect(preflight(null)).toBe(must.preflight_without_file)
  const template = Buffer.from(JSON.stringify(responseTemplate(packets)))
  if (must.preflight_template !== undefined) expect(preflight(template)).toBe(must.preflight_template)
}
