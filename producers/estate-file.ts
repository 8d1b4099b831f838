import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { canonicalDigest, type Digest } from '../schemas/digest.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { Estate } from '../schemas/estate.ts'
import { type EstateDocument, type EstatePath, type EstateProblem, type Place, parseEstateYaml } from './estate-document.ts'
import { type EstateRules, estateProblems } from './estate-problems.ts'
import { readEstateShape } from './estate-shape.ts'

const MAX_ESTATE_BYTES = 1_048_576
const MAX_PROBLEMS = 20

/** `digest` is over the canonical JSON of `estate`, so anybody can recompute it from `round.opened`. */
export type ReadEstate = { estate: Estate; digest: Digest }
/** `baseDir`: folder of the file; relative paths in the estate start there. `path`: the file, absolute. */
export type LoadedEstate = ReadEstate & { baseDir: string; path: string }

/**
 * Loads an estate file with its defaults filled in. Throws `file_unreadable`, or `estate_invalid` with one line
 * `file:line:column: path: message` a problem, at most 20 of them.
 */
export async function loadEstate(file: string, rules: EstateRules = { allowRecordedKinds: false }): Promise<LoadedEstate> {
  const text = decodeText(await readBounded(file), file)
  const absolute = path.resolve(file)
  return { ...readEstate(text, file, rules), baseDir: path.dirname(absolute), path: absolute }
}

/** Reads an estate's YAML text; `file` is only for messages. Throws `estate_invalid` as `loadEstate`. */
export function readEstate(text: string, file: string, rules: EstateRules): ReadEstate {
  const document = parseEstateYaml(text)
  if (document.problems.length > 0) throw refuse(file, document.problems)
  const shape = readEstateShape(document.value)
  const problems = 'problems' in shape ? shape.problems : estateProblems(shape.estate, rules)
  if ('problems' in shape || problems.length > 0)
    throw refuse(
      file,
      problems.map((problem) => placed(document, problem)),
    )
  return { estate: shape.estate, digest: canonicalDigest(shape.estate) }
}

async function readBounded(file: string): Promise<Buffer> {
  try {
    const handle = await open(file, 'r')
    try {
      return await readAll(handle, file)
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof EvidenceError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new EvidenceError('file_unreadable', `cannot read estate file ${file}: ${code}`, { cause: error })
  }
}

/** Reads to the end, also from a pipe, whose reads are short: half an estate would be a smaller denominator. */
async function readAll(handle: FileHandle, file: string): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_ESTATE_BYTES + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
  }
  throw new EvidenceError('estate_invalid', `${file}: larger than 1 MiB`)
}

function decodeText(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new EvidenceError('estate_invalid', `${file}: not UTF-8 text`, { cause: error })
  }
}

type PlacedProblem = { place: Place; message: string }

function placed(document: EstateDocument, problem: EstateProblem): PlacedProblem {
  return { place: document.locate(problem), message: `${pathText(problem.path)}: ${problem.message}` }
}

/** `checks[0].body.contains`; the whole document is `estate`. */
function pathText(steps: EstatePath): string {
  if (steps.length === 0) return 'estate file'
  return steps.map((step, n) => (typeof step === 'number' ? `[${step}]` : `${n === 0 ? '' : '.'}${step}`)).join('')
}

function refuse(file: string, problems: readonly PlacedProblem[]): EvidenceError {
  const sorted = problems.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column)
  const lines = [...new Set(sorted.map(({ place, message }) => `${file}:${place.line}:${place.column}: ${message}`))]
  const rest = lines.length - MAX_PROBLEMS
  return new EvidenceError('estate_invalid', [...lines.slice(0, MAX_PROBLEMS), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'))
}
