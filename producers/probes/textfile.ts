import type { CheckOf } from '../../schemas/estate.ts'
import { matchesCondition, textfileUnmet } from '../../schemas/expectations/textfile.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { TextfileFacts } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'
import { exchangeHttp } from './http-exchange.ts'
import { createLookBudget } from './look-budget.ts'
import { parsePrometheusText, type Sample } from './prometheus-text.ts'
import { toUtf8Text } from './utf8-text.ts'

const MAX_TEXT_BYTES = 16_777_216

/** Reads metrics from a textfile collector's file or a `/metrics` URL and keeps only the series that the check declares. */
export async function probeTextfile(check: CheckOf<'textfile'>, context: ProbeContext): Promise<Look<'textfile'>> {
  const { bytes, modifiedAt } = check.path === undefined ? await fetchText(check.url ?? '', context) : await readText(check.path, context)
  const all = parsePrometheusText(toUtf8Text(bytes))
  const samples = all.filter((sample) => check.metrics.some((condition) => matchesCondition(condition, sample.name, sample.labels)))
  const facts = toFacts({
    source: check.path ?? check.url ?? '',
    modified_at: modifiedAt,
    series: all.length,
    samples: samples.map((sample) => toFact(check, sample)),
  })
  return { target: targetOf(check), asOf: modifiedAt, met: textfileUnmet(check, facts, context.now()).length === 0, facts }
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

/** Labels that the estate does not name come from outside and are scrubbed; the named ones are what the sample is found by. */
function toFact(check: CheckOf<'textfile'>, sample: Sample): Sample {
  if (typeof sample.value === 'number' && Number.isInteger(sample.value) && !Number.isSafeInteger(sample.value)) {
    throw new ProbeFailure('parse', 'parse', 'a declared series has a value too large to be exact')
  }
  const declared = new Set(check.metrics.filter(({ name }) => name === sample.name).flatMap(({ labels }) => Object.keys(labels)))
  const labels = Object.entries(sample.labels).map(([label, value]) => [label, declared.has(label) ? value : scrubLine(value)])
  return { ...sample, labels: Object.fromEntries(labels) }
}

/** Too many matching series, or labels that evidence cannot carry, are a failure and never a silent cut. */
function toFacts(facts: FactsOf<'textfile'>): FactsOf<'textfile'> {
  const result = TextfileFacts.safeParse(facts)
  if (!result.success) throw new ProbeFailure('parse', 'parse', 'declared series are too many or have unprintable labels')
  return result.data
}
