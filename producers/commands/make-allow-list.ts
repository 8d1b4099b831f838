import { allowListScript, type Grant } from './allow-list.ts'
import { CATALOGUE, type CommandId } from './catalogue.ts'
import { isParameter, PARAMETERS, type ParameterName } from './parameters.ts'

/**
 * Writes the forced command of a key to standard output: `node producers/commands/make-allow-list.ts host.files
 * 'file.read path=/etc/shop.conf path=/srv/SCHEMA'`, one argument an entry (docs/read-only.md). A program, not a part.
 */
function readGrant(text: string): Grant {
  // Values may hold spaces: only a name of a placeholder and `=` begin a new one.
  const [id = '', ...pairs] = text.trim().split(new RegExp(` +(?=(?:${Object.keys(PARAMETERS).join('|')})=)`, 'u'))
  if (!Object.hasOwn(CATALOGUE, id)) throw new TypeError(`no entry ${id}; there are: ${Object.keys(CATALOGUE).join(' ')}`)
  const values: Record<string, string[]> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at)
    if (!Object.hasOwn(PARAMETERS, name)) throw new TypeError(`${id}: not a placeholder: ${pair}`)
    const value = pair.slice(at + 1)
    // What the catalogue would not run is not granted either.
    if (!isParameter(name as ParameterName, value)) throw new TypeError(`${id}: not a value for ${name}: ${value}`)
    values[name] = [...(values[name] ?? []), value]
  }
  return { id: id as CommandId, values }
}

try {
  process.stdout.write(allowListScript(process.argv.slice(2).map(readGrant)))
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
