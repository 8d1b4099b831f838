import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const REPOSITORY = join(import.meta.dirname, '../..')

/** A fenced block: `info` is what follows the backticks (`sh run`), `line` is where its content starts, from 1. */
export type Block = { info: string; text: string; line: number }

export function readBlocks(page: string): Block[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8')
  return [...text.matchAll(/^```([^\n`]+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: (match[1] ?? '').trim(),
    text: match[2] ?? '',
    line: text.slice(0, match.index).split('\n').length + 1,
  }))
}

/** Every page for readers, as paths from the root of the repository. */
export function pages(): string[] {
  return globSync(['*.md', 'docs/**/*.md'], { cwd: REPOSITORY }).sort()
}
