import { quoteWord } from '../transports/ssh-quote.ts'
import { type CommandId, type Word, wordsOf } from './catalogue.ts'
import { PARAMETERS, type Parameter, type ParameterName, type Token } from './parameters.ts'

/** Entries of the catalogue that a server lets one key run; `values` narrows placeholders to the ones listed. */
export type Grant = { id: CommandId; values?: { readonly [N in ParameterName]?: readonly string[] } }

/**
 * The forced command of a key (`command="…"` in authorized_keys, docs/read-only.md): a POSIX shell script that runs a
 * command line which is, from its first character to its last, one of the granted entries, and refuses every other with
 * exit code 126. Throws `TypeError` for a placeholder that takes any text and whose values are not listed.
 */
export function allowListScript(grants: readonly Grant[]): string {
  const cases = grants.map((grant) => `if allows ${quoteWord(commandPattern(grant))}; then eval "exec $line"; fi # ${grant.id}`)
  return `#!/bin/sh
set -fu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
line=\${SSH_ORIGINAL_COMMAND-}
allows() { printf '%s\\n' "$line" | LC_ALL=C grep -Eqx -e "$1"; }
refuse() { echo 'not allowed' >&2; exit 126; }
# grep judges line by line, so that a second line would slip through.
[ "$(printf '%s\\n' "$line" | wc -l)" -eq 1 ] || refuse
${cases.join('\n')}
refuse
`
}

/** Extended regular expression of the command lines of a grant, as the SSH transport writes them. */
export function commandPattern({ id, values = {} }: Grant): string {
  const [program, ...rest] = wordsOf(id).map((word) => ({ word, pattern: wordPattern(id, word, values) }))
  const more = rest.map(({ word, pattern }) => ('isList' in word && word.isList ? `( ${pattern})+` : ` ${pattern}`))
  return `${program?.pattern ?? ''}${more.join('')}`
}

function wordPattern(id: CommandId, word: Word, values: NonNullable<Grant['values']>): string {
  if ('literal' in word) return escapeEre(quoteWord(word.literal))
  const listed = values[word.name]
  if (listed !== undefined) return `(${listed.map((value) => escapeEre(quoteWord(`${word.before}${value}${word.after}`))).join('|')})`
  const rule: Parameter = PARAMETERS[word.name]
  if (!('letters' in rule)) throw new TypeError(`${id}: list the values of ${word.name}`)
  const [before, after] = [escapeEre(word.before), escapeEre(word.after)]
  const quoted = `'${before}${tokenPattern(rule, (chars) => chars)}${after}'`
  if (!isPlain(word.before + word.after)) return quoted
  const bare = `${before}${tokenPattern(rule, plainOf)}${after}`
  return isPlain(rule.extra + rule.firstExtra) ? bare : `(${bare}|${quoted})`
}

function tokenPattern({ letters, extra, firstExtra }: Token, keep: (chars: string) => string): string {
  const base = letters ? 'A-Za-z0-9' : '0-9'
  return `${bracket(base, keep(firstExtra))}${bracket(base, keep(extra))}*`
}

/** POSIX: `]` first, `-` last, `[` where no class name can follow it. */
function bracket(base: string, extra: string): string {
  const rest = [...extra].filter((char) => !'[]-'.includes(char)).join('')
  const has = (char: string): string => (extra.includes(char) ? char : '')
  return `[${has(']')}${base}${rest}${has('[')}${has('-')}]`
}

function plainOf(chars: string): string {
  return [...chars].filter((char) => isPlain(char)).join('')
}

function isPlain(text: string): boolean {
  return quoteWord(`a${text}`) === `a${text}`
}

function escapeEre(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/gu, '\\$&')
}
