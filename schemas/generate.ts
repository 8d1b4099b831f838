import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { Estate } from './estate.ts'
import { dataSchemaUri, EVENT_TYPES, EventEnvelope, type EventType } from './event.ts'
import { ContractResult, DeclarationResult, DispatchResult, PreflightResult, TimelineResult } from './guard-results.ts'
import { OwnerPackets } from './packets.ts'
import { RecordedRounds } from './recorded-round.ts'
import { OwnerResponse } from './response.ts'
import { Snapshot } from './snapshot.ts'
import { allowedWords, REQUIRED_SUMMARY_KEYS, SUMMARY_KEYS, SUMMARY_KEYS_BY_ENDING, VALUE_PATTERNS, type ValueType } from './summary.ts'

/**
 * The published JSON Schemas (draft 2020-12), made from the zod schemas: `node schemas/generate.ts` writes
 * schemas/json, `--check` only compares and exits 1 where a file differs. A JSON Schema is at most as strict as its
 * zod schema: rules over several fields and over real dates are only in the program.
 */
type JsonSchema = Record<string, unknown>

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'
const FOLDER = join(import.meta.dirname, 'json')

const DOCUMENTS: Readonly<Record<string, { schema: z.ZodType; title: string }>> = {
  estate: { schema: Estate, title: 'Estate: the machines, services and rules being judged' },
  'recorded-rounds': { schema: RecordedRounds, title: 'Recorded rounds: transcribed from documents' },
  snapshot: { schema: Snapshot, title: 'Snapshot: everything concluded about one round' },
  packets: { schema: OwnerPackets, title: 'Owner packets: an intake for review' },
  response: { schema: OwnerResponse, title: 'Owner response: what an owner sends back' },
  'declaration-result': { schema: DeclarationResult, title: 'Result of the declaration guard' },
  'dispatch-result': { schema: DispatchResult, title: 'Result of the next-gate dispatch' },
  'contract-result': { schema: ContractResult, title: 'Result of the owner packet contract guard' },
  'timeline-result': { schema: TimelineResult, title: 'Result of the timeline guard' },
  'preflight-result': { schema: PreflightResult, title: 'Result of the owner response preflight' },
}

/** Every schema file by its path under schemas/json. Pure. */
export function jsonSchemas(): ReadonlyMap<string, JsonSchema> {
  const documents = Object.entries(DOCUMENTS).map(([name, { schema, title }]): [string, JsonSchema] => [
    `${name}.schema.json`,
    { $schema: DIALECT, $id: `urn:evidence-ledger:schema:${name}`, title, ...bare(schema) },
  ])
  const events = (Object.keys(EVENT_TYPES) as EventType[]).map((type): [string, JsonSchema] => [`events/${type}.schema.json`, eventSchema(type)])
  return new Map([...documents, ['summary.schema.json', summarySchema()], ...events])
}

/** Defaults are filled in by the reader, so what is written may leave them out: `io: 'input'`. */
function bare(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }) as JsonSchema
  return rest
}

/** Envelope of one type; the data's own schema is inside, under the URI that `dataschema` of the event names. */
function eventSchema(type: EventType): JsonSchema {
  const { properties, required } = bare(EventEnvelope) as { properties: JsonSchema; required: string[] }
  const isEvidence = type.startsWith('evidence.')
  const { checkid, ...rest } = properties
  return {
    $schema: DIALECT,
    $id: `urn:evidence-ledger:schema:event:${type}`,
    title: `Event ${type}`,
    type: 'object',
    properties: {
      ...rest,
      type: { const: type },
      dataschema: { const: dataSchemaUri(type) },
      ...(isEvidence ? { checkid } : {}),
      data: { $ref: dataSchemaUri(type) },
    },
    required: [...new Set([...required, 'data', ...(isEvidence ? ['checkid'] : [])])],
    additionalProperties: false,
    $defs: { data: { $id: dataSchemaUri(type), ...bare(EVENT_TYPES[type]) } },
  }
}

/** The values of summary.txt as a JSON object. Keys with an estate's own prefix are known by their ending; the first match counts. */
function summarySchema(): JsonSchema {
  const asLookahead = (pattern: RegExp): string => (pattern.source.startsWith('^') ? pattern.source.slice(1) : `.*${pattern.source}`)
  const endings = SUMMARY_KEYS_BY_ENDING.map(([pattern, type], index): [string, JsonSchema] => {
    const earlier = SUMMARY_KEYS_BY_ENDING.slice(0, index).map(([other]) => `(?!${asLookahead(other)})`)
    const exact = Object.keys(SUMMARY_KEYS).filter((key) => pattern.test(key))
    const notExact = exact.length > 0 ? [`(?!(${exact.join('|')})$)`] : []
    return [`^${[...notExact, ...earlier].join('')}${asLookahead(pattern)}`, valueSchema(type)]
  })
  return {
    $schema: DIALECT,
    $id: 'urn:evidence-ledger:schema:summary',
    title: 'Values of summary.txt by key',
    type: 'object',
    properties: Object.fromEntries(Object.entries(SUMMARY_KEYS).map(([key, type]) => [key, valueSchema(type)])),
    patternProperties: Object.fromEntries(endings),
    required: REQUIRED_SUMMARY_KEYS,
    additionalProperties: false,
  }
}

function valueSchema(type: ValueType): JsonSchema {
  return typeof type === 'string' ? { type: 'string', pattern: VALUE_PATTERNS[type].source } : { enum: allowedWords(type) }
}

function fileText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`
}

function filesThere(): string[] {
  return readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)))
}

/** Paths whose file is missing, differs or has no schema any more. */
export function staleSchemaFiles(): string[] {
  const wanted = jsonSchemas()
  const there = filesThere()
  const isSame = (path: string, schema: JsonSchema): boolean => there.includes(path) && readFileSync(join(FOLDER, path), 'utf8') === fileText(schema)
  const changed = [...wanted].filter(([path, schema]) => !isSame(path, schema)).map(([path]) => path)
  return [...changed, ...there.filter((path) => !wanted.has(path))].sort()
}

function writeAll(): void {
  for (const [path, schema] of jsonSchemas()) {
    mkdirSync(dirname(join(FOLDER, path)), { recursive: true })
    writeFileSync(join(FOLDER, path), fileText(schema))
  }
  for (const path of staleSchemaFiles()) rmSync(join(FOLDER, path))
}

function check(): void {
  const stale = staleSchemaFiles()
  for (const path of stale) console.error(`schemas/json/${path} differs from the program; run "npm run schemas"`)
  if (stale.length > 0) process.exitCode = 1
}

if (import.meta.main) {
  if (process.argv.includes('--check')) check()
  else writeAll()
}
