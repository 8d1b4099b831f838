import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { openChromium, type TestBrowser } from '../support/chromium.ts'
import { type ConsoleService, removeFolder } from './console-service.ts'

type Test = (given: { skip: () => void }) => Promise<void>

/**
 * A real Chromium and a console of its own for the tests of one file. Gives what runs a test on a page of its own, and
 * skips it where there is no browser, which was said.
 */
export function consolePages(start: () => Promise<ConsoleService>): (work: (page: Page, service: ConsoleService) => Promise<void>) => Test {
  let browser: TestBrowser | null = null
  let context: BrowserContext | undefined
  let service: ConsoleService | undefined
  beforeAll(async () => {
    browser = await openChromium()
    if (browser === null) return
    service = await start()
    context = await browser.browser.newContext({ locale: 'en-US', reducedMotion: 'reduce', viewport: { width: 1280, height: 900 } })
  })
  afterAll(async () => {
    await service?.stop()
    await browser?.close()
    if (service) removeFolder(service.folder)
  })
  return (work) =>
    async ({ skip }) => {
      if (!context || !service) return skip()
      const page = await context.newPage()
      try {
        await work(page, service)
      } finally {
        await page.close()
      }
    }
}
