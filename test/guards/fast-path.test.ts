import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../cli/run-program.ts'

/** Modules that a file loads when it is loaded; types and imports at the time of use are not. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const statements = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^'"]*?from\s+)?'([^']+)'/gm)
  return [...statements].map((match) => match[1] as string)
}

function reached(entry: string): Set<string> {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) visit(path.join(path.dirname(file), name))
      else seen.add(name)
    }
  }
  visit(path.join(ROOT, entry))
  return seen
}

/** All that a guard on a summary file loads, the modules it asks for at run time included. */
const FAST = [
  'cli/main.ts',
  'cli/commands/guard-declaration.ts',
  'cli/commands/guard-dispatch.ts',
  'cli/commands/guard-packets.ts',
  'projector/read-summary.ts',
  'guards/guard-input.ts',
]

test('guards on a summary file load neither zod nor a database nor YAML', () => {
  for (const entry of FAST) {
    const modules = reached(entry)
    for (const slow of ['zod', 'yaml', 'node:sqlite', 'ssh2', 'uuid']) expect(modules.has(slow), `${entry} loads ${slow}`).toBe(false)
  }
})

test('the walk finds zod where it is', () => {
  expect(reached('guards/preflight.ts').has('zod')).toBe(true)
})
