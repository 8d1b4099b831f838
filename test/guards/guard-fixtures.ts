import { type GuardInput, summaryInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { readSummary } from '../../projector/read-summary.ts'
import { EstablishedNames } from '../../schemas/declarations.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import type { SummaryValues } from '../../schemas/summary.ts'
import { summaryText } from '../../schemas/summary-text.ts'

/** A summary in which everything that can be green is green, in the order of contract §4. */
export const GREEN_VALUES: SummaryValues = {
  SUMMARY_SCHEMA: 'evidence_round_summary_v1',
  ARTIFACT_ID: 'awoooi-post-reboot-readiness-20260627-115046',
  ESTATE_ID: 'awoooi',
  ESTATE_VERSION: '2026-06-27',
  POLICY_VERSION: '1.78',
  ROUND_OPENED_AT: '2026-06-27T03:50:46.000Z',
  ROUND_SEALED_AT: '2026-06-27T03:52:10.000Z',
  EVIDENCE_COUNT: '31',
  EVIDENCE_ROOT: '3f'.repeat(32),
  ROUND_INTEGRITY: 'verified',
  EXPECTED_CHECKS: '30',
  OBSERVED_CHECKS: '30',
  UNOBSERVED_CHECKS: '0',
  NOT_EVALUATED_CHECKS: '0',
  CONFLICTING_CHECKS: '0',
  COLD_START_RESULT: 'GREEN',
  COLD_START_PASS: '20',
  COLD_START_WARN: '0',
  COLD_START_BLOCKED: '0',
  FIRST_BLOCKED_GATE: 'none',
  GATE_P0_NETWORK: 'GREEN',
  GATE_P2_PUBLIC_ROUTES: 'GREEN',
  POST_START_RESULT: 'FULL_STACK_GREEN',
  POST_START_PASS: '10',
  POST_START_WARN: '0',
  POST_START_BLOCKED: '0',
  POST_START_WARN_SERVICE: '0',
  POST_START_WARN_BOUNDARY: '0',
  POST_START_WARN_EVIDENCE: '0',
  SERVICE_GREEN: '1',
  PRODUCT_DATA_GREEN: '1',
  BACKUP_CORE_GREEN: '1',
  STOCK_FRESHNESS_STATUS: 'ok',
  STOCK_LATEST_TRADING_DATE: '2026-06-26',
  STOCK_BLOCKERS: 'none',
  MOMO_RELEASE_CURRENT: '1',
  MOMO_DB_PARITY: '1',
  MOMO_DATA_FRESH: '1',
  MOMO_SOURCE_AVAILABLE: '1',
  MOMO_DAILY_FRESHNESS: '1|2026-06-26',
  BACKUP_CORE_BLOCKERS: '0',
  BACKUP_OFFSITE_FRESH: '1',
  BACKUP_INTEGRITY_STALE: '0',
  BACKUP_LAST_AGGREGATE: '2026-06-27T02:31:02.000Z',
  DR_ESCROW_BLOCKED: '0',
  ESCROW_MISSING_COUNT: '0',
  ESCROW_MISSING_ITEMS: 'none',
  HOST_188_SERVICE_GREEN: '1',
  HOST_188_HYGIENE_BLOCKED: '0',
  HOST_188_RESULT: 'HOST_188_HYGIENE_GREEN',
  WAZUH_COVERAGE_SCOPE: '6',
  WAZUH_DIRECT_ACTIVE: '6',
  WAZUH_NO_TRANSPORT: '0',
  WAZUH_SSH_BLOCKED: '0',
  WAZUH_ROUTE_CODE: '200',
  WAZUH_TRANSPORT_COUNT: '6',
  WAZUH_DASHBOARD_API_CONNECTION: 'ok',
  WAZUH_DASHBOARD_INDEX_OK: '3',
  WAZUH_MANAGER_REGISTRY_ACCEPTED: '1',
  WAZUH_RUNTIME_GATE: '0',
  RECOVERY_CORE_READY: '1',
  RECOVERY_DR_OFFSITE_READY: '1',
  PLAN_B_LEVEL: 'B5_DR_COMPLETE',
  RUNTIME_ACTION_AUTHORIZED: '0',
  OVERALL_DECLARATION: 'FULL_STACK_GREEN',
  NEXT_REQUIRED_GATES: 'none',
}

const ESCROW_ITEMS = 'restic_repository_password,offsite_provider_credentials,break_glass_admin_credentials,dns_registrar_recovery,oauth_ai_provider_recovery'
const ALL_GATES = 'credential_escrow_evidence,host_188_hygiene_maintenance_window,wazuh_manager_registry_export'

/** Services are green and all three owner gates are open: the usual day of the runbook. */
export const OPEN_GATES: SummaryValues = {
  ...GREEN_VALUES,
  POST_START_RESULT: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  DR_ESCROW_BLOCKED: '1',
  ESCROW_MISSING_COUNT: '5',
  ESCROW_MISSING_ITEMS: ESCROW_ITEMS,
  HOST_188_HYGIENE_BLOCKED: '1',
  HOST_188_RESULT: 'SERVICE_GREEN_HOST_HYGIENE_BLOCKED',
  WAZUH_DASHBOARD_API_CONNECTION: 'pending_or_spinning',
  WAZUH_MANAGER_REGISTRY_ACCEPTED: '0',
  RECOVERY_DR_OFFSITE_READY: '0',
  PLAN_B_LEVEL: 'B4_FULL_STACK_GREEN',
  OVERALL_DECLARATION: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  NEXT_REQUIRED_GATES: ALL_GATES,
}

export type Overrides = Readonly<Record<string, string | null>>

/** Values with some changed; null takes a key out. */
export function withValues(values: SummaryValues, overrides: Overrides): SummaryValues {
  const merged = { ...values, ...overrides }
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== null))
}

/** What a guard sees of a summary file with these values. */
export function fileInput(values: SummaryValues, overrides: Overrides = {}): GuardInput {
  return summaryInput(readSummary(summaryText(withValues(values, overrides))))
}

/** As `fileInput`, with declarations that only a snapshot knows. */
export function establishedInput(values: SummaryValues, established: Readonly<Record<string, '0' | '1' | 'unknown'>>): GuardInput {
  const all = EstablishedNames.filter((name) => name in established)
  return {
    ...fileInput(values),
    established: all.map((declaration): Snapshot['established'][number] => ({ declaration, value: established[declaration] ?? 'unknown', checks: ['a'] })),
  }
}

export const ALL_ESTABLISHED = Object.fromEntries(EstablishedNames.map((name) => [name, '1' as const]))

/** The moment of asking in preflight tests. */
export const AT = '2026-06-27T08:00:00.000Z'

const REFERENCES: Readonly<Record<string, string>> = {
  vault_item_id: 'vault-item-4711',
  change_ticket_id: 'CHG-2026-0142',
  runbook_id: 'runbook/host-188#rollback',
  backup_id: 'backup-2026-06-20-0231',
  role_or_person_id: 'dba-on-duty',
  record_id: 'registry-record-88',
  redacted_export_digest: `sha256:${'5c'.repeat(32)}`,
}

/** A response that answers every gate with references, as plain data to be changed by tests. */
export function goodResponse(input: GuardInput) {
  const packets = buildOwnerPackets(input)
  return {
    response_schema: 'evidence_owner_response_v1',
    artifact_id: packets.source.artifact_id,
    packet_set_digest: packets.packet_set_digest as string,
    owner_id: 'owner-on-duty',
    responded_at: '2026-06-27T06:00:00Z',
    valid_until: '2026-07-27T06:00:00Z',
    requests: { runtime_action: false, credential_marker_write: false, security_runtime_action: false },
    responses: packets.owner_packets.map((packet) => ({
      gate_id: packet.gate_id,
      packet_digest: packet.packet_digest as string,
      approved: false,
      comment: 'references are kept in the vault',
      evidence: packet.required_evidence.map(({ id, acceptable: [type = ''] }) => {
        return { id, reference_type: type as string, reference: REFERENCES[type] ?? '', recorded_on: '2026-06-20' }
      }),
    })),
  }
}
export type Response = ReturnType<typeof goodResponse>

export function toBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}
