import { globSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REPOSITORY } from '../support/markdown-blocks.ts'

/** What the web page may load. Everything else of the repository reaches it as types only, which are gone when it is built. */
const LIBRARIES = /^(react|react-dom\/client|react-i18next|i18next|wouter|vite|@mantine\/(core|charts|hooks)(\/styles\.css)?|@tanstack\/react-(query|virtual))$/
const TYPES_ONLY = /^(zod|(schemas|api\/schemas)\/)/
/** The program that builds the page runs in Node. */
const BUILDER = 'api/console/build-console.js'

type Import = { file: string; target: string; isType: boolean }
const files = globSync('api/console/**/*.{ts,tsx,js}', { cwd: REPOSITORY, exclude: ['api/console/dist/**'] }).sort()
const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(join(REPOSITORY, file), 'utf8').matchAll(/(?:^(?:import|export)( type)?\b[^'"`;=]*\bfrom |^import |\bimport\()['"]([^'"\n]+)['"]/gm)].map(
    ([, type, target = '']) => ({
      file,
      target,
      isType: type !== undefined,
    }),
  ),
)
const place = ({ file, target }: Import): string => (target.startsWith('.') ? normalize(join(file, '..', target)) : target)
const show = (wrong: readonly Import[]): string[] => wrong.map((one) => `${one.file} imports ${place(one)}`)

describe('imports of the console', () => {
  it('were found', () => {
    expect([files.length > 70, imports.length > 300]).toEqual([true, true])
  })

  it('are its own files, its libraries, and types of schemas', () => {
    const wrong = imports.filter((one) => {
      const at = place(one)
      if (one.file === BUILDER) return !(at.startsWith('node:') || at === 'vite')
      if (at.startsWith('api/console/')) return !/\.(ts|tsx|css)$/.test(at)
      return TYPES_ONLY.test(at) ? !one.isType : !LIBRARIES.test(at)
    })
    expect(show(wrong)).toEqual([])
  })

  it('nobody else imports the console but its tests', () => {
    const others = globSync('{schemas,ledger,producers,projector,guards,cli,bench,api}/**/*.ts', { cwd: REPOSITORY, exclude: ['api/console/**'] })
    expect(others.filter((file) => /from ['"][^'"]*\/console\//.test(readFileSync(join(REPOSITORY, file), 'utf8')))).toEqual([])
  })

  it('and it writes no markup and no style elements, keeps no cookie, and runs no text', () => {
    const forbidden =
      /dangerouslySetInnerHTML|innerHTML|outerHTML|document\.write|document\.cookie|\beval\(|new Function|createElement\('(style|script)'\)|<style/
    expect(files.filter((file) => file !== BUILDER && forbidden.test(readFileSync(join(REPOSITORY, file), 'utf8')))).toEqual([])
  })
})
