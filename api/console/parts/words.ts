import { useTranslation } from 'react-i18next'
import type { Overall, RoundIntegrity } from '../../../schemas/summary.ts'
import type { CheckStatus, PreflightResult, WarningClass } from '../data/shapes.ts'

const OVERALL: Readonly<Record<Overall, true>> = {
  BLOCKED: true,
  PRODUCT_DATA_PENDING_EOD_WINDOW: true,
  SERVICE_AVAILABLE_DEGRADED: true,
  FULL_STACK_GREEN_DR_ESCROW_BLOCKED: true,
  FULL_STACK_GREEN: true,
}
const INTEGRITY: Readonly<Record<RoundIntegrity, true>> = { verified: true, unsealed: true, mismatch: true, legacy_unverified: true }
type StatusWord = CheckStatus | 'GREEN' | 'DEGRADED' | 'CHECK_FAILED'
const STATUS: Readonly<Record<StatusWord, true>> = {
  PASS: true,
  WARN: true,
  BLOCKED: true,
  NOT_EVALUATED: true,
  GREEN: true,
  DEGRADED: true,
  CHECK_FAILED: true,
}
const WARNING: Readonly<Record<WarningClass, true>> = { SERVICE: true, BOUNDARY: true, EVIDENCE: true }
const PREFLIGHT: Readonly<Record<PreflightResult['status'], true>> = {
  blocked_waiting_owner_response_file: true,
  blocked_unreadable_response: true,
  blocked_round_mismatch: true,
  blocked_response_expired_or_replayed: true,
  blocked_secret_payload: true,
  blocked_runtime_action_requested: true,
  blocked_credential_marker_write_requested: true,
  blocked_security_runtime_action_requested: true,
  blocked_generic_approval: true,
  blocked_waiting_owner_response_content: true,
  blocked_missing_gate_response: true,
  blocked_missing_required_evidence: true,
  ready_for_independent_review: true,
}

const isKeyOf = <T extends string>(table: Readonly<Record<T, true>>, word: string | null | undefined): word is T =>
  typeof word === 'string' && Object.hasOwn(table, word)

/** Words of the record in the reader's language. A word this page does not know is shown as it is. */
export function useWords() {
  const { t } = useTranslation()
  return {
    overall: (word: string | null | undefined): string =>
      isKeyOf(OVERALL, word) ? t(`overall.${word}`) : word === 'unknown' || !word ? t('overall.unknown') : word,
    integrity: (word: string | null | undefined): string => (isKeyOf(INTEGRITY, word) ? t(`integrity.${word}.name`) : (word ?? t('overall.unknown'))),
    status: (word: string | null | undefined): string =>
      isKeyOf(STATUS, word) ? t(`status.${word}`) : word === 'unknown' || !word ? t('status.unknown') : word,
    warningClass: (word: string | null): string => (isKeyOf(WARNING, word) ? t(`warningClass.${word}`) : (word ?? '')),
    preflight: (word: string): string => (isKeyOf(PREFLIGHT, word) ? t(`preflightStatus.${word}`) : word),
    isIntegrity: (word: string | null | undefined): word is RoundIntegrity => isKeyOf(INTEGRITY, word),
  }
}
