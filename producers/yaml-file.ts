import { type FileHandle, open } from 'node:fs/promises'
import type { z } from 'zod'
import { EvidenceError } from '../schemas/errors.ts'
import { type EstateDocument, type EstatePath, type EstateProblem, type Place, parseEstateYaml } from './estate-document.ts'
import { readShape } from './estate-shape.ts'

const MAX_BYTES = 1_048_576
const MAX_PROBLEMS = 20

/** A kind of YAML file that people write for us: what to call it, and the code of a refusal. */
export type YamlFileKind = { noun: string; code: 'estate_invalid' | 'import_invalid' }

/**
 * Text of a file of at most 1 MiB. Throws `file_unreadable`, or the kind's own code where it is too large or not UTF-8.
 */
export async function readYamlText(file: string, kind: YamlFileKind): Promise<string> {
  const bytes = await readBounded(file, kind)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new EvidenceError(kind.code, `${file}: not UTF-8 text`, { cause: error })
  }
}

/**
 * Reads YAML text into the shape of a schema, then asks `problemsOf` what its members say wrongly about each other.
 * Throws the kind's code with one line `file:line:column: path: message` a problem, at most 20 of them.
 */
export function readYaml<S extends z.ZodType>(
  text: string,
  file: string,
  kind: YamlFileKind,
  schema: S,
  problemsOf: (value: z.infer<S>) => EstateProblem[],
): z.infer<S> {
  const document = parseEstateYaml(text)
  if (document.problems.length > 0) throw refuse(file, kind, document.problems)
  const shape = readShape(schema, document.value)
  const problems = 'problems' in shape ? shape.problems : problemsOf(shape.value)
  if ('problems' in shape || problems.length > 0) throw refuseProblems(file, kind, document, problems)
  return shape.value
}

/** As `readYaml`, for problems that show only after another file was read. */
export function refuseYaml(text: string, file: string, kind: YamlFileKind, problems: readonly EstateProblem[]): EvidenceError {
  return refuseProblems(file, kind, parseEstateYaml(text), problems)
}

async function readBounded(file: string, kind: YamlFileKind): Promise<Buffer> {
  try {
    const handle = await open(file, 'r')
    try {
      return await readAll(handle, file, kind)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof EvidenceError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new EvidenceError('file_unreadable', `cannot read ${kind.noun} file ${file}: ${code}`, { cause: error })
  }
}

/** Reads to the end, also from a pipe, whose reads are short: half an estate would be a smaller denominator. */
async function readAll(handle: FileHandle, file: string, kind: YamlFileKind): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_BYTES + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
  }
  throw new EvidenceError(kind.code, `${file}: larger than 1 MiB`)
}

function refuseProblems(file: string, kind: YamlFileKind, document: EstateDocument, problems: readonly EstateProblem[]): EvidenceError {
  const placed = problems.map((problem) => ({ place: document.locate(problem), message: `${pathText(problem.path, kind)}: ${problem.message}` }))
  return refuse(file, kind, placed)
}

/** `checks[0].body.contains`; the whole document is `estate file`. */
function pathText(steps: EstatePath, kind: YamlFileKind): string {
  if (steps.length === 0) return `${kind.noun} file`
  return steps.map((step, n) => (typeof step === 'number' ? `[${step}]` : `${n === 0 ? '' : '.'}${step}`)).join('')
}

function refuse(file: string, kind: YamlFileKind, problems: readonly { place: Place; message: string }[]): EvidenceError {
  const sorted = problems.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
  const lines = [...new Set(sorted.map(({ place, message }) => `${file}:${place.line}:${place.column}: ${message}`))]
  const rest = lines.length - MAX_PROBLEMS
  return new EvidenceError(kind.code, [...lines.slice(0, MAX_PROBLEMS), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'))
}
