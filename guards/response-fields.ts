import type { PreflightReason, PreflightStatus } from '../schemas/response.ts'
import { REFERENCE_TYPES, type ReferenceType } from '../schemas/response.ts'
import { findSecretLike } from '../schemas/secret-like.ts'

export type Finding = { status: PreflightStatus } & PreflightReason

/** Text that stands where an answer should (runbook: EVIDENCE_ID_FOR_*, VAULT-ITEM-ID and the like are refused). */
const PLACEHOLDER =
  /^$|^EVIDENCE_ID_FOR_|^(VAULT|SEALED|RECOVERY|CHANGE|TICKET)[-_ ](ITEM|ENVELOPE|CHECKLIST|TICKET|ID)([-_ ]ID)?$|TODO|TBD|FIXME|REPLACE|CHANGE[-_ ]?ME|PLACEHOLDER|EXAMPLE|DUMMY|SAMPLE|[<>{}]|^x{2,}$|^[.?_*-]+$|^(n\/?a|none|null|unknown|pending|yes|no|ok|done|test|id|foo|bar|string)$|0{6,}|1234567/i

export function isPlaceholder(text: string | undefined): boolean {
  return text === undefined || PLACEHOLDER.test(text.trim())
}

/** `vault_item_id` names a kind of reference; where the reference itself should be, the same words are a placeholder. */
export function isReferenceType(text: string): text is ReferenceType {
  return (REFERENCE_TYPES as readonly string[]).includes(text)
}

/** Narrow alphabets: what cannot be written cannot leak. */
const FIELD_PATTERNS: Readonly<Record<string, RegExp>> = {
  id: /^[a-z][a-z0-9_]{2,63}$/,
  gate_id: /^[a-z][a-z0-9_]{2,63}$/,
  artifact_id: /^[a-z0-9][a-z0-9-]{2,99}$/,
  packet_digest: /^sha256:[0-9a-f]{64}$/,
  packet_set_digest: /^sha256:[0-9a-f]{64}$/,
  owner_id: /^[A-Za-z][A-Za-z0-9 ._@-]{1,63}$/,
  responded_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/,
  valid_until: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/,
  recorded_on: /^\d{4}-\d\d-\d\d$/,
  reference_type: new RegExp(`^(${REFERENCE_TYPES.join('|')})$`),
  reference: /^[A-Za-z0-9][A-Za-z0-9._:/#-]{3,79}$/,
  comment: /^[A-Za-z0-9 .,:;()/_'"#+-]{0,400}$/,
}

/** Requests for action hidden in prose. A false alarm only asks the owner to write less; a miss would be acted on. */
const ACTION_WORDS: readonly (readonly [PreflightStatus, string, RegExp])[] = [
  [
    'blocked_security_runtime_action_requested',
    'security_action_in_text',
    /active.?response|re-?enrol|(restart|start|stop|enable|disable)\W+(the\W+)?(wazuh|agent|manager|indexer)|kali|nmap|(run|start|launch)\W+(a\W+)?scan/i,
  ],
  [
    'blocked_credential_marker_write_requested',
    'marker_write_in_text',
    /(write|create|set|mark|add)\W+(\w+\W+){0,6}(marker|escrow|verified)|mark-credential-escrow|escrow\W+mark/i,
  ],
  [
    'blocked_runtime_action_requested',
    'runtime_action_in_text',
    /\b(re)?start\b|\breboot|\breload|\bsystemctl|\bkubectl|\bdocker\b|\bpg_resetwal|reset-failed|\bsudo\b|\bssh\b|\brm\b|\bdeploy|\broll ?back now|\bapply\b|\bexecute\b|\brun\b|\bproceed\b|\bgo ahead\b|\bkill\b|\biptables|\bnginx\b|\bcertbot/i,
  ],
]

/**
 * Looks at one text of a response. `pointer` names the place with known names only. A digest where one is asked for is
 * exempt from the scanner by its type; everything else is scanned whatever its alphabet.
 */
export function inspectText(field: string, text: string, pointer: string, isDigest: boolean): Finding[] {
  const findings: Finding[] = []
  const pattern = isDigest ? /^sha256:[0-9a-f]{64}$/ : (FIELD_PATTERNS[field] as RegExp)
  const fits = pattern.test(text)
  const secret = isDigest && fits ? null : findSecretLike(text)
  if (secret !== null) findings.push({ status: 'blocked_secret_payload', code: `secret_like_${secret}`, pointer })
  else if (!fits && !isPlaceholder(text)) findings.push({ status: 'blocked_unreadable_response', code: 'text_not_allowed', pointer })
  if (field === 'comment' || field === 'reference' || field === 'owner_id') {
    for (const [status, code, words] of ACTION_WORDS) if (words.test(text)) findings.push({ status, code, pointer })
  }
  return findings
}
