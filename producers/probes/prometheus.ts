import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { prometheusUnmet } from '../../schemas/expectations/prometheus.ts'
import { FUTURE_SKEW_S } from '../../schemas/expectations/reason.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { PrometheusFacts } from '../../schemas/monitoring-checks.ts'
import { targetOf } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'
import { readCaFile } from './ca-file.ts'
import { exchangeHttp } from './http-exchange.ts'
import { getJson } from './http-json.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'

type Check = CheckOf<'prometheus'>
type Facts = FactsOf<'prometheus'>
/** Asks one path of the API for its `data`. */
type Ask = <S extends z.ZodType>(path: string, data: S) => Promise<z.infer<S>>

const MAX_BYTES = 16_777_216

const Target = z.object({ labels: z.record(z.string(), z.string()), health: z.enum(['up', 'down', 'unknown']), lastScrape: z.string().optional() })
const Targets = z.object({ activeTargets: z.array(Target.extend({ scrapeInterval: z.string().optional() })) })
const Rule = z.object({
  name: z.string(),
  type: z.enum(['alerting', 'recording']),
  health: z.string(),
  state: z.string().optional(),
  lastEvaluation: z.string().optional(),
})
const Rules = z.object({ groups: z.array(z.object({ interval: z.number().optional(), rules: z.array(Rule) })) })
const Alertmanagers = z.object({ activeAlertmanagers: z.array(z.unknown()) })
const Pair = z.tuple([z.number(), z.string()])
const Result = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: Pair })) }),
  z.object({ resultType: z.literal('scalar'), result: Pair }),
])

/** Asks a Prometheus whether it is ready and, if so, for the declared targets, rules and instant queries. */
export async function probePrometheus(check: Check, context: ProbeContext): Promise<Look<'prometheus'>> {
  const budget = createLookBudget(context)
  const ca = await readCaFile(check.ca_file, context.baseDir)
  const base = check.url.replace(/\/$/u, '')
  const ask: Ask = async (path, data) => readAnswer(await getJson({ url: `${base}/api/v1/${path}`, ca, ...budget(MAX_BYTES) }), data)
  const { status } = await exchangeHttp({ url: `${base}/-/ready`, method: 'GET', ca, ...budget(MAX_BYTES) })
  const ready = status === 200
  const rules = ready ? await rulesOf(check, ask, context.now()) : null
  const facts = toFacts(PrometheusFacts, {
    url: check.url,
    ready,
    targets: ready ? await targetsOf(check, ask, context.now()) : null,
    rules,
    alertmanagers: rules?.some((rule) => rule.type === 'alerting') ? (await ask('alertmanagers', Alertmanagers)).activeAlertmanagers.length : null,
    queries: ready ? await samplesOf(check, ask) : null,
  })
  return { target: targetOf(check), asOf: null, met: prometheusUnmet(check, facts, context.now()).length === 0, facts }
}

/** An answer with warnings is a partial one. */
function readAnswer<S extends z.ZodType>(answer: unknown, data: S): z.infer<S> {
  const envelope = z.object({ status: z.literal('success'), data: z.unknown(), warnings: z.array(z.unknown()).optional() }).safeParse(answer)
  if (!envelope.success) throw new ProbeFailure('parse', 'parse', 'not an answer of the Prometheus API')
  if ((envelope.data.warnings ?? []).length > 0) throw new ProbeFailure('parse', 'parse', 'a partial answer, with warnings')
  const read = data.safeParse(envelope.data.data)
  if (!read.success) throw new ProbeFailure('parse', 'parse', `not an answer of the Prometheus API: ${read.error.issues[0]?.path.join('.') ?? ''}`)
  return read.data
}

/** A target that was up and has not been scraped for a long time is no longer known to be. */
async function targetsOf(check: Check, ask: Ask, now: Date): Promise<Facts['targets']> {
  if (check.targets.length === 0) return []
  const { activeTargets } = await ask('targets?state=active', Targets)
  const jobs = new Set(check.targets.map((one) => one.job))
  const own = activeTargets.filter(({ labels }) => jobs.has(labels.job ?? ''))
  return own.map(({ labels, health, lastScrape, scrapeInterval }) => {
    const isKnown = health !== 'up' || isRecent(lastScrape, toSeconds(scrapeInterval), now)
    return { job: labels.job ?? '', instance: labels.instance ?? '', health: isKnown ? health : 'unknown' }
  })
}

/** A rule that stays loaded and is not evaluated any more keeps the health of its last time: that one is `stale`. */
async function rulesOf(check: Check, ask: Ask, now: Date): Promise<Facts['rules']> {
  if (check.rules.length === 0) return []
  const { groups } = await ask('rules', Rules)
  const rules = groups.flatMap(({ interval, rules }) => rules.map((rule) => ({ ...rule, interval })))
  return rules
    .filter((rule) => check.rules.includes(rule.name))
    .map(({ name, type, health, state, lastEvaluation, interval }) => ({
      ...{ name, type, state: state ?? null },
      health: health !== 'ok' || isRecent(lastEvaluation, interval ?? 0, now) ? health : 'stale',
    }))
}

/** Ten intervals may be missed, and five minutes, which a clock may differ by; a version that tells no time is believed. */
function isRecent(time: string | undefined, intervalS: number, now: Date): boolean {
  if (time === undefined) return true
  const ageS = (now.getTime() - Date.parse(time)) / 1000
  return Math.abs(ageS) <= FUTURE_SKEW_S + 10 * intervalS
}

/** A duration of Prometheus, such as `1m30s`, in seconds; 0 where it is none. */
function toSeconds(text: string | undefined): number {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 }
  return [...(text ?? '').matchAll(/(\d+)(ms|[smhdwy])/gu)].reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0)
}

/** One after the other: a Prometheus that has just started has better things to do. */
async function samplesOf(check: Check, ask: Ask): Promise<Facts['queries']> {
  const results: NonNullable<Facts['queries']> = []
  for (const { id, expr } of check.queries) {
    const answer = await ask(`query?query=${encodeURIComponent(expr)}`, Result)
    const samples = answer.resultType === 'scalar' ? [{ metric: {}, value: answer.result }] : answer.result
    results.push({ id, samples: samples.map(({ metric, value }) => ({ labels: scrubbed(metric), value: toValue(value[1]) })) })
  }
  return results
}

function scrubbed(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, scrubLine(value)]))
}

function toValue(text: string): number | 'NaN' | '+Inf' | '-Inf' {
  if (text === 'NaN' || text === '+Inf' || text === '-Inf') return text
  const value = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/u.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) throw new ProbeFailure('parse', 'parse', 'a sample is not a number')
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new ProbeFailure('parse', 'parse', 'a sample is too large to be exact')
  return value
}
