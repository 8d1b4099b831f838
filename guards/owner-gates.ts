import type { ReferenceType } from '../schemas/response.ts'
import { listItems, type OwnerGateKind, ownerGateOf, type SummaryValues } from '../schemas/summary.ts'

/** One thing an owner must prove, the kinds of reference that count, and what must never be sent. */
export type RequiredEvidence = { id: string; description: string; acceptable: ReferenceType[]; forbidden: string[] }
type Row = readonly [id: string, description: string, acceptable: ReferenceType[]]

export type OwnerGate = {
  id: string
  kind: OwnerGateKind
  priority: 'P0'
  ownerRole: string
  currentEvidence: string[]
  requiredEvidence: RequiredEvidence[]
  forbiddenActions: string[]
  postChecks: string[]
}

const NEVER = ['secret values', 'hashes or parts of secrets', 'screenshots that show a secret']

/** Runbook backup-status.md, Credential Escrow Evidence Checklist: what each item takes and what it must never hold. */
const ESCROW_ITEMS: readonly (readonly [string, string, string[]])[] = [
  [
    'restic_repository_password',
    'the restic repository password can be retrieved by a person',
    ['the restic password', 'recovery codes', 'a URL with a secret'],
  ],
  ['offsite_provider_credentials', 'the off-site provider credentials can be retrieved by a person', ['OAuth or refresh tokens', 'application keys']],
  [
    'break_glass_admin_credentials',
    'the break-glass administrator credentials can be retrieved by a person',
    ['the admin password', 'SSH private keys', 'OTP seeds'],
  ],
  ['dns_registrar_recovery', 'access to the DNS registrar can be recovered', ['the registrar password', 'recovery codes']],
  ['oauth_ai_provider_recovery', 'access to the OAuth and AI provider accounts can be recovered', ['API keys', 'tokens', 'client secrets']],
]

export const ESCROW_ITEM_IDS: readonly string[] = ESCROW_ITEMS.map(([id]) => id)

const HYGIENE_EVIDENCE: readonly Row[] = [
  ['maintenance_window', 'an approved maintenance window with start and end', ['change_ticket_id']],
  ['rollback_owner', 'a named owner who can roll the change back', ['role_or_person_id']],
  ['restore_source', 'the source of truth that data would be restored from', ['backup_id', 'runbook_id']],
  ['failed_unit_plan', 'a plan for each failed unit of the host', ['change_ticket_id', 'runbook_id']],
]

const REGISTRY_EVIDENCE: readonly Row[] = [
  ['manager_registry_export', 'a redacted export of the manager registry covering the expected scope', ['redacted_export_digest', 'record_id']],
  ['dashboard_api_readback', 'the Dashboard API connection and version as the owner read them', ['record_id']],
  ['agent_coverage_record', 'agents active, disconnected and never connected, counted against the scope', ['record_id']],
]

/** A digest would be a hash of the secret, so it never counts here (contract §5, Escrow). */
const REFERENCE_ONLY: ReferenceType[] = ['vault_item_id', 'sealed_envelope_id', 'recovery_checklist_id']

/** The checklist of one owner gate of a summary; null for an id that is none. Source: contract §5 and the runbooks. */
export function ownerGate(id: string, values: SummaryValues): OwnerGate | null {
  const gate = ownerGateOf(id)
  if (gate === null) return null
  const checklist = CHECKLISTS[gate.kind]
  const requiredEvidence = gate.kind === 'escrow' ? escrowEvidence(values) : checklist.requiredEvidence
  return { id, kind: gate.kind, priority: 'P0', currentEvidence: currentEvidence(gate.kind, gate.prefix, values), ...checklist, requiredEvidence }
}

/**
 * All five items of the runbook, whichever of them is missing, because proving one is worth nothing without the others.
 * An estate with items of its own is asked for those its summary names.
 */
function escrowEvidence(values: SummaryValues): RequiredEvidence[] {
  const own = listItems(values.ESCROW_MISSING_ITEMS).filter((item) => !ESCROW_ITEM_IDS.includes(item))
  if (own.length === 0) return CHECKLISTS.escrow.requiredEvidence
  const known = CHECKLISTS.escrow.requiredEvidence.filter((one) => listItems(values.ESCROW_MISSING_ITEMS).includes(one.id))
  return [...known, ...own.map((id) => ({ id, description: `${id} can be retrieved by a person`, acceptable: REFERENCE_ONLY, forbidden: NEVER }))]
}

function currentEvidence(kind: OwnerGateKind, prefix: string, values: SummaryValues): string[] {
  const keys = {
    escrow: ['DR_ESCROW_BLOCKED', 'ESCROW_MISSING_COUNT', 'ESCROW_MISSING_ITEMS'],
    hygiene: [`${prefix}_SERVICE_GREEN`, `${prefix}_HYGIENE_BLOCKED`, `${prefix}_RESULT`],
    registry: Object.keys(values).filter((key) => key.startsWith(`${prefix}_`)),
  }[kind]
  return keys.map((key) => `${key}=${values[key] ?? 'unknown'}`)
}

const toEvidence = ([id, description, acceptable]: Row): RequiredEvidence => ({ id, description, acceptable, forbidden: NEVER })

const CHECKLISTS: Readonly<Record<OwnerGateKind, Omit<OwnerGate, 'id' | 'kind' | 'priority' | 'currentEvidence'>>> = {
  escrow: {
    ownerRole: 'credential escrow owner',
    requiredEvidence: ESCROW_ITEMS.map(([id, description, forbidden]) => ({
      id,
      description,
      acceptable: REFERENCE_ONLY,
      forbidden: [...forbidden, ...NEVER],
    })),
    forbiddenActions: [
      'collect, paste or store any secret value, hash or part of one',
      'write an escrow marker without a passed dry run',
      'mark an item with a placeholder evidence id',
      'declare DR complete before an independent review',
    ],
    postChecks: ['evidence escrow status', 'a new round with ESCROW_MISSING_COUNT=0', 'evidence guard declaration ROUND --declare CREDENTIAL_ESCROW_COMPLETE'],
  },
  hygiene: {
    ownerRole: 'host owner',
    requiredEvidence: HYGIENE_EVIDENCE.map(toEvidence),
    forbiddenActions: [
      'run pg_resetwal',
      'clear failed units without repairing them',
      'restart services or reboot the host outside the approved window',
      'renew certificates by hand outside the approved window',
    ],
    postChecks: ['a new round with HYGIENE_BLOCKED=0 for the host', 'evidence guard declaration ROUND --declare HOST_188_HYGIENE_GREEN'],
  },
  registry: {
    ownerRole: 'security monitoring owner',
    requiredEvidence: REGISTRY_EVIDENCE.map(toEvidence),
    forbiddenActions: [
      'enable active response',
      'enroll agents again or restart the manager',
      'start a scan from the scanner host',
      'take a reachable route, transports or a dashboard index for an accepted registry',
    ],
    postChecks: [
      'an independent review that accepts the export',
      'a new round with MANAGER_REGISTRY_ACCEPTED=1',
      'evidence guard declaration ROUND --declare WAZUH_REGISTRY_RECOVERED',
    ],
  },
}
