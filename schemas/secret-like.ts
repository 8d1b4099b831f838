/**
 * Finds text that looks like a secret. A second layer only: it can reject, it never vouches. What keeps secrets out is
 * the typed schema; a scanner finds a fraction of them (docs/threat-model.md).
 */
export type SecretCode = 'private_key' | 'url_credentials' | 'known_token' | 'otp_seed' | 'assigned_secret' | 'long_hex' | 'long_base64'

const PATTERNS: readonly (readonly [SecretCode, RegExp])[] = [
  // Truncated and encrypted keys count: the header, the footer or the body's usual first bytes.
  [
    'private_key',
    /-{2,}\s*(BEGIN|END)[A-Z0-9 ]*(PRIVATE|OPENSSH|PGP|RSA|EC|DSA|ENCRYPTED)[A-Z0-9 ]*|b3BlbnNzaC1rZXk|MII[BCEJ][A-Za-z0-9+/]{20,}|PuTTY-User-Key-File|AGE-SECRET-KEY-1/,
  ],
  ['url_credentials', /[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i],
  [
    'known_token',
    /\b(gh[pousr]_[A-Za-z0-9]{8,}|github_pat_[A-Za-z0-9_]{8,}|glpat-[A-Za-z0-9_-]{8,}|xox[abeoprs]-[A-Za-z0-9-]{6,}|A(KIA|SIA)[A-Z0-9]{12,}|AIza[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{8,}|1\/\/0[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9_-]{12,}|sk_(live|test)_[A-Za-z0-9]{8,}|hv[sb]\.[A-Za-z0-9_-]{8,}|npm_[A-Za-z0-9]{20,}|dop_v1_[a-f0-9]{16,}|\d{8,10}:AA[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,})/,
  ],
  ['otp_seed', /otpauth:\/\/|\b(?=[A-Z2-7]*[A-Z])(?=[A-Z2-7]*[2-7])[A-Z2-7]{16,}={0,6}\b/],
  [
    'assigned_secret',
    /\b(pass(word|wd|phrase)?|pwd|secret|token|api[ _-]?key|access[ _-]?key|client[ _-]?secret|private[ _-]?key|recovery[ _-]?code|authorization|bearer)\b\s*(is|[:=])\s*\S{3,}|\bbearer\s+[A-Za-z0-9._~+/-]{8,}/i,
  ],
  ['long_hex', /(?<![0-9a-fA-F])[0-9a-fA-F]{24,}(?![0-9a-fA-F])/],
]

const BASE64_RUN = /[A-Za-z0-9+/_-]{20,}={0,2}/g

/** The first kind of secret a text looks like, or null. Never returns or keeps any of the text. */
export function findSecretLike(text: string): SecretCode | null {
  // Line breaks, zero-width and full-width forms are the usual ways around a pattern.
  const plain = text.normalize('NFKC').replace(/[\u200b-\u200f\u2060\ufeff\u00ad]/g, '')
  const forms = [plain, plain.replace(/\s+/g, '')]
  for (const [code, pattern] of PATTERNS) {
    if (pattern.test(plain) || (code !== 'assigned_secret' && code !== 'otp_seed' && pattern.test(forms[1] as string))) return code
  }
  for (const run of plain.match(BASE64_RUN) ?? []) if (isDense(run)) return 'long_base64'
  return null
}

/** Mixed upper, lower and digits without the separators that ids and file names have. */
function isDense(run: string): boolean {
  const pieces = run.split(/[-_/]/)
  const longest = pieces.reduce((a, b) => (b.length > a.length ? b : a))
  return longest.length >= 20 && /[a-z]/.test(longest) && /[A-Z]/.test(longest) && /\d/.test(longest)
}
