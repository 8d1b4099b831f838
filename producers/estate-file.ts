import path from 'node:path'
import { canonicalDigest, type Digest } from '../schemas/digest.ts'
import { Estate } from '../schemas/estate.ts'
import { type EstateRules, estateProblems } from './estate-problems.ts'
import { readYaml, readYamlText, type YamlFileKind } from './yaml-file.ts'

const KIND: YamlFileKind = { noun: 'estate', code: 'estate_invalid' }

/** `digest` is over the canonical JSON of `estate`, so anybody can recompute it from `round.opened`. */
export type ReadEstate = { estate: Estate; digest: Digest }
/** `baseDir`: folder of the file; relative paths in the estate start there. `path`: the file, absolute. */
export type LoadedEstate = ReadEstate & { baseDir: string; path: string }

/**
 * Loads an estate file with its defaults filled in. Throws `file_unreadable`, or `estate_invalid` with one line
 * `file:line:column: path: message` a problem, at most 20 of them.
 */
export async function loadEstate(file: string, rules: EstateRules = { allowRecordedKinds: false }): Promise<LoadedEstate> {
  const text = await readYamlText(file, KIND)
  const absolute = path.resolve(file)
  return { ...readEstate(text, file, rules), baseDir: path.dirname(absolute), path: absolute }
}

/** Reads an estate's YAML text; `file` is only for messages. Throws `estate_invalid` as `loadEstate`. */
export function readEstate(text: string, file: string, rules: EstateRules): ReadEstate {
  const estate = readYaml(text, file, KIND, Estate, (value) => estateProblems(value, rules))
  return { estate, digest: canonicalDigest(estate) }
}
