import { isImportJobQuery } from './import-job-text.ts'
import { isK8sPath, K8S_PATHS } from './k8s-path.ts'
import { freshnessQuery, isQuery } from './sql-text.ts'

/**
 * What may stand in a placeholder of the command catalogue. A token is ASCII letters and digits, or digits alone, and
 * the `extra` characters; its first character is a letter or a digit or one of `firstExtra`, so that no value can be an
 * option. `any` takes every printable line: such a placeholder always stands behind `--`, and a server's allow-list
 * must name its values. `holds` is a text of ours with names of the estate in it; a server must list its values too.
 */
export type Token = { readonly letters: boolean; readonly extra: string; readonly firstExtra: string; readonly max: number }
export type Parameter = { readonly example: string } & (
  | Token
  | { readonly any: true; readonly max: number }
  | { readonly holds: (text: string) => boolean; readonly max: number }
)

const name = (extra: string, max: number, example: string, firstExtra = ''): Parameter => ({ letters: true, extra, firstExtra, max, example })
const number = (max: number, example: string): Parameter => ({ letters: false, extra: '', firstExtra: '', max, example })

/** Placeholders by name; `example` is what the read-only proof runs the command with. */
export const PARAMETERS = {
  path: { any: true, max: 1000, example: '/etc/hostname' },
  folder: { any: true, max: 1000, example: '/etc' },
  address: name('_.:[]/-', 253, '127.0.0.1', '_[/'),
  port: number(5, '1'),
  unit: name('@:_.-', 200, 'cron.service'),
  container: name('_.-', 128, 'shop-db'),
  pattern: name('@:_.*-', 200, 'actions.runner.*'),
  hours: number(3, '24'),
  count: number(2, '1'),
  seconds: number(5, '1'),
  role: name('_-', 63, 'nobody', '_'),
  database: name('_-', 63, 'postgres', '_'),
  repository: name('_./-', 400, '/var/backups/restic', '/'),
  password: name('_./-', 300, '/etc/restic-password', '/'),
  config: name('_./-', 300, '/etc/rclone.conf', '/'),
  remote: name('_.:/-', 400, 'gdrive:backup', '_'),
  resource: { holds: isK8sPath, max: 600, example: K8S_PATHS.nodes() },
  source: name('_.:/@~-', 300, '/srv/git/shop.git', '/'),
  ref: name('_./-', 200, 'refs/heads/main'),
  intake: { holds: (text) => /^[A-Za-z0-9_][A-Za-z0-9_.-]*:/u.test(text), max: 500, example: 'gdrive:intake' },
  peeled: name('_./^{}-', 210, 'refs/heads/main^{}'),
  query: { holds: (text) => isQuery(text) || isImportJobQuery(text), max: 2000, example: freshnessQuery({ table: 'public.orders', column: 'day' }) },
} as const satisfies Readonly<Record<string, Parameter>>

export type ParameterName = keyof typeof PARAMETERS

const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const DIGITS = '0123456789'

/** Whether a value may stand in a placeholder. */
export function isParameter(parameter: ParameterName, value: string): boolean {
  const rule: Parameter = PARAMETERS[parameter]
  if (value.length === 0 || value.length > rule.max) return false
  if ('any' in rule) return !UNPRINTABLE.test(value)
  if ('holds' in rule) return !UNPRINTABLE.test(value) && rule.holds(value)
  const base = rule.letters ? LETTERS + DIGITS : DIGITS
  return (base + rule.firstExtra).includes(value.charAt(0)) && [...value].every((char) => (base + rule.extra).includes(char))
}
