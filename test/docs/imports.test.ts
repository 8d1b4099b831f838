import { globSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REPOSITORY } from '../support/markdown-blocks.ts'

/** The arrows of ARCHITECTURE.md: which folders a folder may import from. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: ['schemas'],
  ledger: ['ledger', 'schemas'],
  producers: ['producers', 'ledger', 'schemas'],
  projector: ['projector', 'guards', 'ledger', 'schemas'],
  guards: ['guards', 'schemas'],
  api: ['api', 'guards', 'projector', 'producers', 'ledger', 'schemas'],
  cli: ['cli', 'api', 'guards', 'projector', 'producers', 'ledger', 'schemas'],
}

/** The only places that may import a library, or a part of Node that is one. */
const HOME_OF: Readonly<Record<string, RegExp>> = {
  zod: /^(schemas|producers|api|projector\/clickhouse|ledger\/kafka)\//,
  fastify: /^api\//,
  'fastify-type-provider-zod': /^api\//,
  '@fastify/compress': /^api\//,
  '@fastify/cors': /^api\//,
  helmet: /^api\//,
  '@fastify/rate-limit': /^api\//,
  '@fastify/static': /^api\//,
  '@fastify/swagger': /^api\//,
  '@fastify/swagger-ui': /^api\//,
  'prom-client': /^api\//,
  jose: /^api\/access\//,
  'tar-stream': /^api\/exports\//,
  kafkajs: /^ledger\/kafka\//,
  '@clickhouse/client': /^projector\/clickhouse\//,
  'chdb/connection': /^projector\/clickhouse\//,
  ssh2: /^producers\/transports\//,
  yaml: /^producers\//,
  commander: /^cli\//,
  uuid: /^(api|cli|producers)\//,
  'node:sqlite': /^(ledger\/|projector\/sqlite-[a-z-]+\.ts$)/,
}
/** The web page is a program of its own, with its own libraries and its own compiler settings. */
const CONSOLE = 'api/console/**'
const PURE_FOLDERS = /^(schemas|guards)\//
/** A program of its own that writes the published JSON Schemas; nothing imports it. */
const GENERATOR = 'schemas/generate.ts'

type Import = { file: string; target: string }

const files = Object.keys(MAY_IMPORT)
  .flatMap((folder) => globSync(`${folder}/**/*.{ts,js}`, { cwd: REPOSITORY, exclude: [CONSOLE] }))
  .sort()
const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(REPOSITORY, file), 'utf8')
  return [...text.matchAll(/(?:^(?:import|export)\b[^'"`;=]*\bfrom |^import |\bimport\()['"`]([^'"`\n]+)['"`]/gm)].map((match) => ({
    file,
    target: match[1] ?? '',
  }))
})
const relative = imports.filter(({ target }) => target.startsWith('.'))
const foreign = imports.filter(({ target }) => !target.startsWith('.'))
const show = (wrong: readonly Import[]): string[] => wrong.map(({ file, target }) => `${file} imports ${target}`)

describe('imports', () => {
  it('of the generator are nobody else’s', () => {
    expect(show(relative.filter(({ target }) => target.endsWith('generate.ts')))).toEqual([])
  })

  it('were found', () => {
    expect([files.length > 100, relative.length > 300, foreign.length > 50]).toEqual([true, true, true])
  })

  it('follow the arrows between the folders', () => {
    const wrong = relative.filter(({ file, target }) => {
      if (file === GENERATOR) return false
      const [from = '', to = ''] = [file, normalize(join(file, '..', target))].map((path) => path.split('/')[0] ?? '')
      return !MAY_IMPORT[from]?.includes(to)
    })
    expect(show(wrong)).toEqual([])
  })

  it('of our own files end in .ts', () => {
    expect(show(relative.filter(({ target }) => !target.endsWith('.ts')))).toEqual([])
  })

  it('of a library are only where it is at home', () => {
    const wrong = foreign.filter(({ file, target }) => (HOME_OF[target] ? !HOME_OF[target].test(file) : !target.startsWith('node:')))
    expect(show(wrong)).toEqual([])
  })

  it('of schemas and guards are zod and node:crypto at most', () => {
    expect(show(foreign.filter(({ file, target }) => PURE_FOLDERS.test(file) && file !== GENERATOR && !['zod', 'node:crypto'].includes(target)))).toEqual([])
  })
})

it('no file is a barrel or a drawer', () => {
  const names = files.filter((file) => /(^|\/)(index|utils?|helpers?|common)\.(ts|js)$/.test(file))
  const barrels = files.filter((file) => /^export (\*|\{[^}]*\} from)/m.test(readFileSync(join(REPOSITORY, file), 'utf8')))
  expect([...names, ...barrels]).toEqual([])
})
