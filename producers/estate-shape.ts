import type { z } from 'zod'
import type { EstatePath, EstateProblem } from './estate-document.ts'
import { knownKeys, valueAt } from './estate-known-keys.ts'
import { didYouMean } from './nearest-name.ts'

type Issue = z.core.$ZodIssue

/** Where an issue is looked at: the schema of the whole file and the value it was given. */
type Root = { schema: z.ZodType; value: unknown }

/** Reads a value by a schema with its defaults filled in, or says in a reader's words what is wrong with its shape. */
export function readShape<S extends z.ZodType>(schema: S, value: unknown): { value: z.infer<S> } | { problems: EstateProblem[] } {
  const result = schema.safeParse(value)
  if (result.success) return { value: result.data }
  return { problems: result.error.issues.flatMap((issue) => issueProblems(issue, [], { schema, value })) }
}

function issueProblems(issue: Issue, base: EstatePath, root: Root): EstateProblem[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))]
  const value = valueAt(root.value, path)
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(path, root.schema, root.value)
      return issue.keys.map((key) => ({ path: [...path, key], at: 'key' as const, message: `unknown key${didYouMean(key, known)}` }))
    }
    case 'invalid_union':
      return unionProblems(issue, path, root)
    case 'invalid_value': {
      const values = issue.values.map(String)
      return [{ path, message: value === undefined ? 'is required' : `expected ${oneOf(values)}${didYouMean(String(value), values)}` }]
    }
    case 'invalid_type':
      return [{ path, message: value === undefined ? 'is required' : typeMessage(issue.message, issue.expected, value) }]
    case 'invalid_key':
      return [{ path, at: 'key', message: shortMessage(issue.issues[0]?.message ?? issue.message) }]
    default:
      return [{ path, message: shortMessage(issue.message) }]
  }
}

function unionProblems(issue: Extract<Issue, { code: 'invalid_union' }>, path: EstatePath, root: Root): EstateProblem[] {
  const value = valueAt(root.value, path)
  if (value === undefined && issue.errors.length > 0) return [{ path, message: 'is required' }]
  if (issue.errors.length === 0) {
    const kinds = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
    const message = value === undefined ? `is required: ${oneOf(kinds)}` : `expected ${oneOf(kinds)}${didYouMean(String(value), kinds)}`
    return [{ path, message }]
  }
  // The alternative with the fewest complaints is the one the writer most likely had in mind.
  const nearest = issue.errors.reduce((best, errors) => (errors.length < best.length ? errors : best))
  return nearest.flatMap((inner) => issueProblems(inner, path, root))
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`
}

function typeMessage(message: string, expected: string, value: unknown): string {
  const quoted = expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')
  return `${shortMessage(message)}${quoted ? '; put it in quotes' : ''}`
}

function shortMessage(message: string): string {
  return message.replace(/^(Invalid input|Invalid string|Invalid option|Too small|Too big): /, '')
}
