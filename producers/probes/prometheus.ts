import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { prometheusUnmet } from '../../schemas/expectations/prometheus.ts'
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

const Targets = z.object({ activeTargets: z.array(z.object({ labels: z.record(z.string(), z.string()), health: z.enum(['up', 'down', 'unknown']) })) })
const Rule = z.object({ name: z.string(), type: z.enum(['alerting', 'recording']), health: z.string(), state: z.string().optional() })
const Rules = z.object({ groups: z.array(z.object({ rules: z.array(Rule) })) })
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
  const facts = toFacts(PrometheusFacts, {
    url: check.url,
    ready,
    targets: ready ? await targetsOf(check, ask) : null,
    rules: ready ? await rulesOf(check, ask) : null,
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

async function targetsOf(check: Check, ask: Ask): Promise<Facts['targets']> {
  if (check.targets.length === 0) return []
  const { activeTargets } = await ask('targets?state=active', Targets)
  const jobs = new Set(check.targets.map((one) => one.job))
  return activeTargets.flatMap(({ labels, health }) => (jobs.has(labels.job ?? '') ? [{ job: labels.job ?? '', instance: labels.instance ?? '', health }] : []))
}

async function rulesOf(check: Check, ask: Ask): Promise<Facts['rules']> {
  if (check.rules.length === 0) return []
  const { groups } = await ask('rules', Rules)
  const rules = groups.flatMap((group) => group.rules).filter((rule) => check.rules.includes(rule.name))
  return rules.map(({ name, type, health, state }) => ({ name, type, health, state: state ?? null }))
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
