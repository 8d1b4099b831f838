import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ERROR_CODES } from '../../schemas/errors.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

it('docs/errors.md explains every error code of the union, and no other, with its exit code', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/errors.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d) \| (\S.*?) \| (\S.*?) \|$/gm)].map((match) => [match[1], Number(match[2])])
  expect(rows).toEqual(Object.entries(ERROR_CODES))
})
