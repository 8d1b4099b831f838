import type { FactsOf } from '../../schemas/facts.ts'
import type { WalSignature } from '../../schemas/service-facts.ts'

type Log = NonNullable<FactsOf<'postgres'>['log']>

/** The runbook's own list (§4.3), in PostgreSQL's untranslated words; a line counts for the first that it holds. */
const SIGNATURES: readonly (readonly [WalSignature, RegExp])[] = [
  ['no_valid_checkpoint', /could not locate a valid checkpoint record/u],
  ['invalid_primary_checkpoint', /invalid primary checkpoint record|invalid checkpoint record/u],
  ['unexpected_pageaddr', /unexpected pageaddr \S+ in (?:log|WAL) segment/u],
  ['panic', /\bPANIC: /u],
]
/** Everything before it was overcome: the server started after all. */
const READY = /database system is ready to accept (?:read-only )?connections/u

/** Counts damage signatures in the end of a server log, apart for before and since the last successful start. Pure. */
export function readPostgresLog(text: string): Pick<Log, 'signatures' | 'healed_lines'> {
  const lines = text.split('\n')
  const ready = lines.findLastIndex((line) => READY.test(line))
  const found = lines.map(signatureOf)
  const since = found.slice(ready + 1)
  const signatures = SIGNATURES.map(([signature]) => ({ signature, lines: since.filter((one) => one === signature).length })).filter((one) => one.lines > 0)
  return { signatures, healed_lines: found.slice(0, ready + 1).filter((one) => one !== null).length }
}

function signatureOf(line: string): WalSignature | null {
  return SIGNATURES.find(([, pattern]) => pattern.test(line))?.[0] ?? null
}
