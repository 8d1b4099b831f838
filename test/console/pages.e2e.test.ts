import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { en } from '../../api/console/i18n/en.ts'
import { zhTw } from '../../api/console/i18n/zh-tw.ts'
import { LOCALHOST } from '../cli/run-program.ts'
import { openChromium, type TestBrowser } from '../support/chromium.ts'
import { type ConsoleService, makeLedger, removeFolder, startConsole } from './console-service.ts'
import { axeFindings, openPage, sidewaysScroll, watchPage } from './page-watch.ts'
import { SEEDED } from './seed-ledger.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })

const ROUND = 'awoooi-post-reboot-readiness-20260627-115046'
const OTHER = 'awoooi-post-reboot-readiness-20260627-005728'
/** A page of the console, a part that is there once it is loaded, and the heading of a part that both languages have. */
type Text = (
  texts: Pick<
    typeof en,
    | 'rounds'
    | 'round'
    | 'declarations'
    | 'packets'
    | 'events'
    | 'event'
    | 'policies'
    | 'recovery'
    | 'reviews'
    | 'diff'
    | 'history'
    | 'live'
    | 'search'
    | 'ledger'
    | 'signIn'
    | 'notFound'
  >,
) => string
const PAGES: readonly (readonly [name: string, path: string, ready: string, text: Text])[] = [
  ['rounds', '/', 'tbody tr', (t) => t.rounds.latest],
  ['one round', `/rounds/${ROUND}`, 'article', (t) => t.round.coverage],
  ['one tampered round', `/rounds/${SEEDED.tampered}`, 'article', (t) => t.round.coverage],
  ['recovery', `/rounds/${ROUND}/recovery`, 'li strong', (t) => t.recovery.releases],
  ['declarations', `/rounds/${ROUND}/declarations`, 'li', (t) => t.declarations.title],
  ['owner gates', `/rounds/${ROUND}/packets`, 'article', (t) => t.packets.take],
  ['packets to print', `/rounds/${ROUND}/packets/print`, 'main button', (t) => t.packets.printTitle],
  ['events', `/rounds/${ROUND}/events`, 'td', (t) => t.events.decisions],
  ['one event', `/rounds/${ROUND}/events/019f0733-89f0-7068-b7a4-b2b4c58f289d`, 'dl', (t) => t.event.title],
  ['policies', `/rounds/${ROUND}/policies?other=1.24`, 'td', (t) => t.policies.title],
  ['two rounds', `/compare?a=${OTHER}&b=${ROUND}`, 'td', (t) => t.rounds.compare],
  ['one key over time', '/history?kind=keys&estate=awoooi&name=OVERALL_DECLARATION', '.recharts-line', (t) => t.history.question],
  ['live', '/live', 'form', (t) => t.live.start],
  ['an open round, live', `/live/${SEEDED.open}`, '[data-seen="met"]', (t) => t.live.progress],
  ['reviews', '/reviews?estate=awoooi', 'table', (t) => t.reviews.escrow],
  ['search', '/search?q=momo', 'mark', (t) => t.search.results],
  ['ledger', '/ledger', 'dl', (t) => t.ledger.verify],
  ['sign in', '/sign-in', 'form', (t) => t.signIn.title],
  ['no page', '/rounds/NOT-AN-ID', 'h1', (t) => t.notFound.title],
]

const test: { browser?: TestBrowser | null; service?: ConsoleService } = {}
beforeAll(async () => {
  test.browser = await openChromium()
  if (test.browser !== null) test.service = await startConsole({ ...(await makeLedger()), args: ['--estate', LOCALHOST] })
})
afterAll(async () => {
  await test.service?.stop()
  await test.browser?.close()
  if (test.service) removeFolder(test.service.folder)
})

describe.each([
  ['en-US', 'en', en],
  ['zh-TW', 'zh-TW', zhTw as unknown as typeof en],
] as const)('in %s', (locale, language, texts) => {
  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    it('every page has its texts, nothing for axe, no error, no foreign request and no sideways scroll, at 1440 and at 390 pixels', async ({ skip }) => {
      if (!test.browser || !test.service) return skip()
      const { url } = test.service
      const context = await test.browser.browser.newContext({ locale, colorScheme, reducedMotion: 'reduce', viewport: { width: 1440, height: 900 } })
      const page = await context.newPage()
      const watched = watchPage(page, url)
      const wrong: string[] = []
      for (const [name, path, ready, text] of PAGES) {
        await page.setViewportSize({ width: 1440, height: 900 })
        await openPage(page, `${url}${path}`, ready)
        for (const width of [1440, 390]) {
          await page.setViewportSize({ width, height: 900 })
          const at = `${name} at ${width}`
          wrong.push(...(await axeFindings(page)).map((finding) => `${at}: ${finding}`))
          const sideways = await sidewaysScroll(page)
          if (sideways > 0) wrong.push(`${at}: scrolls ${sideways} pixels sideways`)
        }
        if (!(await page.locator('main').innerText()).includes(text(texts))) wrong.push(`${name}: does not say ${text(texts)}`)
        const state = await page.evaluate(() => ({
          language: document.documentElement.lang,
          scheme: document.documentElement.dataset.mantineColorScheme,
          styles: document.querySelectorAll('style').length,
          title: document.title,
        }))
        if (state.language !== language || state.scheme !== colorScheme || state.styles !== 0 || state.title === '')
          wrong.push(`${name}: ${JSON.stringify(state)}`)
      }
      await context.close()
      expect([...wrong, ...watched.errors, ...watched.foreign]).toEqual([])
    })
  })
})
