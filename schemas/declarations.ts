/** The catalogue's names (contract §5) and the declaration guard's result. No zod here: guards must start fast. */

/** Declarations that only a snapshot can license, through checks that `establish` them. */
export const EstablishedNames = [
  'K3S_CONTROL_PLANE_AA',
  'WORKLOAD_BALANCED',
  'STATEFUL_AA',
  'ARGOCD_HEALTHY',
  'CERTIFICATE_RENEWED',
  'LIVE_MONITOR_SYNCED',
] as const

export const DECLARATIONS = [
  'SERVICE_GREEN',
  'PRODUCT_DATA_GREEN',
  'ALL_PRODUCT_DATA_LATEST',
  'BACKUP_CORE_GREEN',
  'BACKUP_OFFSITE_CURRENT',
  'PUBLIC_CORE_SERVICES_RECOVERED',
  'SERVICE_RECOVERY_WITH_KNOWN_BLOCKER',
  'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  'FULL_STACK_GREEN',
  'CREDENTIAL_ESCROW_COMPLETE',
  'DR_COMPLETE',
  'HOST_188_HYGIENE_GREEN',
  'HOST_188_FULLY_GREEN',
  'MOMO_DATA_FRESH',
  'WAZUH_REGISTRY_RECOVERED',
  ...EstablishedNames,
  'AI_REMEDIATION_ENABLED',
  'RUNTIME_ACTION_AUTHORIZED',
] as const
export type DeclarationName = (typeof DECLARATIONS)[number]

export type DeclarationVerdict = { name: DeclarationName; allowed: boolean; because: string[]; event_ids: string[] }

export type DeclarationResult = {
  result_schema: 'evidence_declaration_result_v1'
  status: 'ok' | 'blocked'
  reason: string | null
  artifact_id: string
  policy_version: string
  round_integrity: string
  overall: string
  allowed: number
  forbidden: number
  declarations: DeclarationVerdict[]
  contradictions: { code: string; because: string; read_as: string }[]
}
