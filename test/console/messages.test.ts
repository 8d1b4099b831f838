import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { en } from '../../api/console/i18n/en.ts'
import { preferred } from '../../api/console/i18n/preferred.ts'
import { zhTw } from '../../api/console/i18n/zh-tw.ts'
import { MAX_RESPONSE_BYTES } from '../../guards/preflight.ts'
import { DECLARATIONS } from '../../schemas/declarations.ts'
import { PREFLIGHT_STATUSES } from '../../schemas/response.ts'
import { OVERALL_ORDER } from '../../schemas/summary.ts'
import { RELEASE_PHASES } from '../../schemas/timeline.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

type Texts = { readonly [key: string]: string | Texts }
const flat = (texts: Texts, prefix = ''): [string, string][] =>
  Object.entries(texts).flatMap(([key, value]) => (typeof value === 'string' ? [[prefix + key, value] as [string, string]] : flat(value, `${prefix}${key}.`)))
const english = new Map(flat(en))
const chinese = new Map(flat(zhTw))
const holes = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '').sort()

it('both languages have the same texts; Chinese has one plural form', () => {
  expect(english.size).toBeGreaterThan(250)
  expect([...chinese.keys()].sort()).toEqual([...english.keys()].filter((key) => !key.endsWith('_one')).sort())
  expect([...english.keys()].filter((key) => key.endsWith('_one') !== english.has(key.replace(/_one$/, '_other')) && key.endsWith('_one'))).toEqual([])
})

it('the same values are filled in in both', () => {
  expect([...chinese].filter(([key, text]) => holes(text).join() !== holes(english.get(key) ?? '').join()).map(([key]) => key)).toEqual([])
})

it('no text is empty, and none of the Chinese ones was left in English or written in simplified characters', () => {
  expect([...english, ...chinese].filter(([, text]) => text.trim() === '')).toEqual([])
  expect([...chinese].filter(([, text]) => !/\p{Script=Han}/u.test(text)).map(([key]) => key)).toEqual([])
  expect(
    [...chinese]
      .filter(([, text]) => /[们这说时会国图发开关为与无应对务块档载储误传链错区码备态认证审询请谁还过选项员组级异导页览记录轮结构权验签账设单]/u.test(text))
      .map(([key, text]) => `${key} ${text}`),
  ).toEqual([])
})

it('every closed list of the record has its words', () => {
  expect(Object.keys(en.declaration)).toEqual([...DECLARATIONS])
  expect(Object.keys(en.preflightStatus)).toEqual([...PREFLIGHT_STATUSES])
  expect(Object.keys(en.recovery.release)).toEqual([...RELEASE_PHASES])
  expect(OVERALL_ORDER.filter((word) => !Object.hasOwn(en.overall, word))).toEqual([])
})

it('no part of the page has a text of its own', () => {
  const files = globSync('api/console/{pages,parts}/*.tsx', { cwd: REPOSITORY })
  const own = files.flatMap((file) =>
    [...readFileSync(join(REPOSITORY, file), 'utf8').matchAll(/(?:>|aria-label=["{`]|label=["]|title=["])\s*([A-Z][a-z]+ [a-z]+[^<{]*)/g)].map(
      (match) => `${file}: ${match[1]}`,
    ),
  )
  expect(files.length).toBeGreaterThan(40)
  expect(own).toEqual([])
})

it('the browser’s first language that we speak is taken', () => {
  expect([['zh-HK', 'en'], ['zh'], ['fr', 'zh-Hant-TW'], ['de', 'en-GB', 'zh-TW'], ['ja'], []].map((languages) => preferred(languages))).toEqual([
    'zh-TW',
    'zh-TW',
    'zh-TW',
    'en',
    'en',
    'en',
  ])
})

it('a response file that the service takes is sent, and its limit is told as it is', () => {
  const page = readFileSync(join(REPOSITORY, 'api/console/pages/response-preflight.tsx'), 'utf8')
  expect(Number(/const MAX_BYTES = ([\d_]+)/.exec(page)?.[1]?.replaceAll('_', ''))).toBe(MAX_RESPONSE_BYTES)
  for (const texts of [en, zhTw]) expect(texts.preflight.file).toContain(`${MAX_RESPONSE_BYTES / 2 ** 20} MiB`)
})
