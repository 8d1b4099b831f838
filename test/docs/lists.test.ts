import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { ROLES } from '../../api/access/principal.ts'
import { ServeConfig } from '../../api/serve-config.ts'
import { REVIEW_REFUSALS } from '../../guards/review.ts'
import { VERSIONS } from '../../projector/policies.ts'
import { CONTRACT_REASONS } from '../../schemas/contract.ts'
import { DECLARATIONS } from '../../schemas/declarations.ts'
import { Estate } from '../../schemas/estate.ts'
import { ACCESS_REFUSALS, EVENT_TYPES } from '../../schemas/event.ts'
import { PROBE_KINDS } from '../../schemas/facts.ts'
import { PREFLIGHT_STATUSES, REFERENCE_TYPES } from '../../schemas/response.ts'
import { SUMMARY_KEYS } from '../../schemas/summary.ts'
import { RELEASE_PHASES } from '../../schemas/timeline.ts'
import { pages, REPOSITORY } from '../support/markdown-blocks.ts'

/** Closed lists of the code, and the page that must name every member of each. */
const LISTS: readonly (readonly [string, string, readonly string[]])[] = [
  ['declarations', 'docs/guards.md', DECLARATIONS],
  ['phases of release', 'docs/guards.md', RELEASE_PHASES],
  ['reasons of the contract guard', 'docs/guards.md', CONTRACT_REASONS],
  ['statuses of a preflight', 'docs/guards.md', PREFLIGHT_STATUSES],
  ['reasons why a review is refused', 'docs/escrow-and-review.md', Object.keys(REVIEW_REFUSALS)],
  ['kinds of reference', 'docs/guards.md', REFERENCE_TYPES],
  ['keys of a summary', 'docs/summary.md', Object.keys(SUMMARY_KEYS)],
  ['event types', 'docs/events.md', Object.keys(EVENT_TYPES)],
  ['policy versions', 'docs/judging.md', VERSIONS.map((one) => one.version)],
  ['settings of serve', 'docs/api-access.md', [...propertiesOf(z.toJSONSchema(ServeConfig, { io: 'input' }))]],
  ['roles', 'docs/api-access.md', ROLES],
  ['reasons why the API refuses', 'docs/api-access.md', ACCESS_REFUSALS],
  ['keys of the estate', 'docs/estate.md and docs/probes', [...propertiesOf(z.toJSONSchema(Estate, { io: 'input' }))]],
]

/** Names of all properties in a JSON Schema, at any depth. */
function propertiesOf(schema: unknown): Set<string> {
  if (typeof schema !== 'object' || schema === null) return new Set()
  const own = 'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : []
  return new Set([...own, ...Object.values(schema).flatMap((one) => [...propertiesOf(one)])])
}

function textOf(page: string): string {
  const files = page === 'docs/estate.md and docs/probes' ? pages().filter((one) => one === 'docs/estate.md' || one.startsWith('docs/probes/')) : [page]
  return files.map((file) => readFileSync(join(REPOSITORY, file), 'utf8')).join('\n')
}

it.each(LISTS)('%s: %s names each', (_name, page, members) => {
  const text = textOf(page)
  const isNamed = (member: string): boolean => new RegExp(`\`([^\`\n]*[^\`\\w-])?${member.replaceAll('.', '\\.')}(?![\\w-])[^\`\n]*\``).test(text)
  expect(members.length).toBeGreaterThan(4)
  expect(members.filter((member) => !isNamed(member))).toEqual([])
})

it('every probe kind has a page', () => {
  expect(pages().filter((page) => page.startsWith('docs/probes/'))).toEqual([...PROBE_KINDS].sort().map((kind) => `docs/probes/${kind}.md`))
})
