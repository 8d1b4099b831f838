import type { CheckOf, Command } from '../schemas/estate.ts'
import type { EventData } from '../schemas/event.ts'
import type { FactsKind, FactsOf, ProbeKind } from '../schemas/facts.ts'
import type { Transport } from './transport.ts'

/** What a probe is given. Time comes in; a probe reads no clock of its own. */
export type ProbeContext = {
  /** The machine the check names, or this machine where it names none. */
  transport: Transport
  timeoutMs: number
  signal: AbortSignal
  now: () => Date
  /** The estate's allow-list. */
  commands: readonly Command[]
  /** Folder of the estate file; relative paths of local files (ca_file) start here. */
  baseDir: string
  /** The operator asked for the end-to-end test alert (`--send-alert-test`). */
  alertTest: boolean
}

/**
 * One successful look. `met` says whether the check's own expectation held, which decides about another try and
 * nothing else: the verdict is the projector's, from `facts` alone.
 */
export type Look<K extends FactsKind> = { target: string; asOf: string | null; met: boolean; facts: FactsOf<K> } & (K extends 'http'
  ? { attempt: { status: number | null; body_ok: boolean | null } }
  : unknown)

type Report = EventData<'evidence.report.delegated.v1'>
/** One delegated report, without what the runner adds. */
export type ReportLook = { target: string; met: boolean; report: Omit<Report, 'attempts' | 'host'> }

/** Looks once at one check. Throws `ProbeFailure` where it could not look; any other throw is recorded as `internal`. */
export type Probe<K extends ProbeKind> = (check: CheckOf<K>, context: ProbeContext) => Promise<K extends FactsKind ? Look<K> : ReportLook>
