import { findSecretLike } from '../schemas/secret-like.ts'
import { isSecretLike } from './scrub-line.ts'

/** Words of templates and tests; an id made of them points at nothing (contract §5, Escrow). */
const PLACEHOLDERS: readonly RegExp[] = [
  /^EVIDENCE[-_ ]?ID\b|EVIDENCE_ID_FOR_/iu,
  /VAULT[-_ ]?ITEM[-_ ]?ID/iu,
  /[<>{}[\]]/u,
  /\b(?:todo|tbd|tba|fixme|example|sample|placeholder|dummy|fake|test|testing|changeme|change-me|replace-?me|none|null|nil|n\/a|unknown|pending|missing|foo|bar|lorem)\b/iu,
  /(?:^|[^a-z])(?:your|insert|enter|fill)[-_ ]/iu,
  /x{3,}|y{3,}|z{3,}|\?{2,}|\.{3}|_{3,}|-{3,}/iu,
  /^(.)\1*$/u,
  /^(?:0?123(?:4(?:5(?:6(?:7(?:8(?:9)?)?)?)?)?)?|abc(?:d(?:e(?:f)?)?)?(?:123)?)$/iu,
]
/** What the general scanners let pass because log lines are full of it, and no record is named like: parts of hashes, OTP seeds in groups. */
const PARTS_OF_SECRETS: readonly RegExp[] = [
  /(?<![0-9a-f])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}(?![0-9a-f])/iu,
  /\b(?:sha-?\d{1,3}|md5|bcrypt|argon2i?d?|pbkdf2)\b\s*[:=#/]/iu,
  /^(?=.*[2-7])(?:[A-Z2-7]{4}[ -]){3,}[A-Z2-7]{2,4}$/iu,
]
const SHAPE = /^[A-Za-z0-9][A-Za-z0-9 ._:/#@+-]{2,119}$/u

/**
 * Why a text cannot be the reference to an escrow record, or null when it can. A reference names a record that exists
 * outside (vault item, sealed envelope, checklist); a placeholder names nothing and a secret must not be written down.
 */
export function evidenceIdProblem(text: string): 'malformed' | 'placeholder' | 'secret_like' | null {
  // Underscores and dashes join words in ids, so the words are also looked for between them.
  const words = text.replace(/[_-]+/gu, ' ')
  if (PLACEHOLDERS.some((pattern) => pattern.test(text) || pattern.test(words))) return 'placeholder'
  if (!SHAPE.test(text)) return 'malformed'
  const isSecret = isSecretLike(text) || findSecretLike(text) !== null || PARTS_OF_SECRETS.some((pattern) => pattern.test(text))
  return isSecret ? 'secret_like' : null
}
