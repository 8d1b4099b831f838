import type { ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { exchangeHttp } from './http-exchange.ts'
import { createLookBudget } from './look-budget.ts'
import { parsePrometheusText, type Sample } from './prometheus-text.ts'
import { toUtf8Text } from './utf8-text.ts'

const MAX_TEXT_BYTES = 16_777_216

export type Metrics = { samples: Sample[]; modifiedAt: string | null }

/** As long as Prometheus itself looks back for a sample. */
const LOOK_BACK_MS = 300_000

/**
 * Series that a check rests on say what is now: one with a time of its own that is not now is a failed look, and not an
 * absent series, because an absent one could be the bad one among good ones.
 */
export function mustBeOfNow(samples: readonly Sample[], now: Date): void {
  const isOld = ({ timeMs }: Sample): boolean => timeMs !== undefined && !(Math.abs(now.getTime() - timeMs) <= LOOK_BACK_MS)
  if (samples.some(isOld)) throw new ProbeFailure('parse', 'parse', 'a declared series has a time of its own that is not now')
}

/** Reads metrics from a textfile collector's file on the host, with its time, or from a URL, which has none. */
export async function readMetrics({ path, url }: { path?: string | undefined; url?: string | undefined }, context: ProbeContext): Promise<Metrics> {
  const { bytes, modifiedAt } = path === undefined ? await fetchText(url ?? '', context) : await readText(path, context)
  return { samples: parsePrometheusText(toUtf8Text(bytes)), modifiedAt }
}

type Text = { bytes: Buffer; modifiedAt: string | null }

/** The time first: a file replaced in between then counts as older than it is, never as younger. */
async function readText(path: string, context: ProbeContext): Promise<Text> {
  const budget = createLookBudget(context)
  const stat = await context.transport.stat(path, budget(MAX_TEXT_BYTES))
  if (!stat.exists) throw new ProbeFailure('unreachable', 'read', 'file does not exist')
  return { bytes: await context.transport.readFile(path, budget(MAX_TEXT_BYTES)), modifiedAt: stat.modifiedAt }
}

async function fetchText(url: string, { timeoutMs, signal }: ProbeContext): Promise<Text> {
  const answer = await exchangeHttp({ url, method: 'GET', ca: null, maxBytes: MAX_TEXT_BYTES, timeoutMs, signal })
  if (answer.status === 401 || answer.status === 403) throw new ProbeFailure('auth', 'status', `HTTP status ${answer.status}`)
  if (answer.status < 200 || answer.status > 299) throw new ProbeFailure('exit_status', 'status', `HTTP status ${answer.status}`)
  if (!answer.complete) throw new ProbeFailure('parse', 'read', `more than ${MAX_TEXT_BYTES} bytes`)
  return { bytes: answer.body, modifiedAt: null }
}
