import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** A validator that knows nothing of zod, over the committed files. */
const FOLDER = path.join(import.meta.dirname, '../../schemas/json')

const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: false, formats: { ipv4: /^\d{1,3}(\.\d{1,3}){3}$/ } })
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.schema.json'))
const validators = new Map<string, ValidateFunction>()
for (const name of files) validators.set(name, ajv.compile(JSON.parse(readFileSync(path.join(FOLDER, name), 'utf8'))))

/** What is wrong with a value by one committed schema (`packets`, `events/round.sealed.v1`); empty where nothing is. */
export function schemaProblems(name: string, value: unknown): string[] {
  const validate = validators.get(`${name}.schema.json`)
  if (validate === undefined) throw new Error(`no schema ${name}`)
  if (validate(value)) return []
  return (validate.errors ?? []).map((error) => `${error.instancePath === '' ? '/' : error.instancePath} ${error.message}`)
}

export const SCHEMA_NAMES: readonly string[] = files.map((name) => name.replace(/\.schema\.json$/, ''))
