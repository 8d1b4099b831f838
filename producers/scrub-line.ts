import { stripVTControlCharacters } from 'node:util'

const REDACTED = '[redacted]'
const MAX_CHARS = 300
/** Work is bounded before any pattern runs; whatever is cut here is far beyond the 300 characters that are kept. */
const MAX_INPUT = 4000

const SECRET_NAME = '(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|credentials?|authorization|cookie|otp|seed|dsn)'

/** Each takes away more rather than less; all are linear on the bounded input. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN .*$/u, REDACTED],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s]*@/giu, `$1${REDACTED}@`],
  [/\b(bearer)\s+\S+/giu, `$1 ${REDACTED}`],
  [/\b([Bb]asic|BASIC)\s+(?=\S*[A-Z0-9+/=])[A-Za-z0-9+/=_-]{8,}/gu, `$1 ${REDACTED}`],
  [new RegExp(`([A-Za-z0-9_.-]{0,60}${SECRET_NAME}[A-Za-z0-9_.-]{0,60}["']?\\s?[:=]\\s?)(?:"[^"]*"|'[^']*'|\\S+)`, 'giu'), `$1${REDACTED}`],
  [/(--?[a-z-]{0,30}(?:password|passphrase|secret|token|api-key)[ =])\S+/giu, `$1${REDACTED}`],
  [/\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|rk_|npm_|hvs\.|eyJ|AKIA|ASIA|AIza|ya29\.|AGE-SECRET-KEY-)[A-Za-z0-9_.=-]{8,}/gu, REDACTED],
  [/[0-9a-fA-F]{32,}/gu, REDACTED],
  [/\b(?=[A-Z2-7]*[2-7])[A-Z2-7]{16,}={0,6}(?![A-Za-z0-9])/gu, REDACTED],
]

/**
 * One line that is safe to keep: text from outside with everything secret-like replaced by `[redacted]`, control
 * characters and colours removed, at most 300 characters. A second fence behind narrow schemas; it may take too much.
 */
export function scrubLine(text: string): string {
  const line = stripVTControlCharacters(text.slice(0, MAX_INPUT))
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
  // Odd parts are public key fingerprints: public data, and the one thing a reader needs of a host key failure.
  const parts = line.split(/(SHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/=]))/u)
  return parts
    .map((part, i) => (i % 2 === 1 ? part : redact(part)))
    .join('')
    .slice(0, MAX_CHARS)
    .toWellFormed()
}

function redact(text: string): string {
  const scrubbed = RULES.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text)
  return scrubbed.replace(/[A-Za-z0-9+]{16,}={0,2}/gu, (run) => (looksRandom(run) ? REDACTED : run))
}

/** True when scrubbing would take something away: the text holds something secret-like. */
export function isSecretLike(text: string): boolean {
  return scrubLine(text).includes(REDACTED)
}

/** Letters and digits that change their class at more than every fourth place: keys do, words and dates do not. */
function looksRandom(run: string): boolean {
  if (!/\d/.test(run) || !/[A-Za-z]/.test(run)) return false
  let changes = 0
  for (let i = 1; i < run.length; i++) if (charClass(run[i]) !== charClass(run[i - 1])) changes++
  return changes / run.length > 0.25
}

function charClass(char: string | undefined): string {
  if (char === undefined) return ''
  if (/\d/.test(char)) return 'digit'
  return /[a-z]/.test(char) ? 'lower' : 'upper'
}
