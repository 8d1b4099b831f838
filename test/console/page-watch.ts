import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export type Watched = { readonly errors: string[]; readonly foreign: string[] }

/** Collects what a page must not do: errors on its console (a refused style or script is one), exceptions, and requests to another origin. */
export function watchPage(page: Page, origin: string): Watched {
  const watched: Watched = { errors: [], foreign: [] }
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') watched.errors.push(message.text())
  })
  page.on('pageerror', (error) => watched.errors.push(error.message))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !url.startsWith('blob:') && !url.startsWith('data:')) watched.foreign.push(url)
  })
  return watched
}

/** Opens an address and waits until nothing on the page is still loading. */
export async function openPage(page: Page, url: string, ready = 'h1'): Promise<void> {
  await page.goto(url, { waitUntil: 'load' })
  await settled(page, ready)
}

export async function settled(page: Page, ready = 'h1'): Promise<void> {
  await page.locator(ready).first().waitFor({ state: 'attached' })
  await page.waitForFunction(() => document.querySelector('h1') !== null && document.querySelector('.mantine-Skeleton-root') === null)
}

/** What axe calls serious or critical: rule and the first place. */
export async function axeFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
  return page.evaluate(async () => {
    type Found = { violations: { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }[] }
    const { axe } = window as unknown as { axe: { run: (context: Document, options: object) => Promise<Found> } }
    const { violations } = await axe.run(document, { resultTypes: ['violations'] })
    const isBad = (impact: string | null) => impact === 'serious' || impact === 'critical'
    return violations.filter((one) => isBad(one.impact)).map((one) => `${one.id}: ${one.nodes[0]?.html} ${one.nodes[0]?.failureSummary}`)
  })
}

/** How far the document is wider than the window, in pixels; 0 where it is not. */
export function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth))
}

/** Everything that is painted in one of the two green colours, by its text. */
export function greenTexts(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('[data-paint="good"], [data-paint="limited"]')]
      .filter((one) => one.closest('details:not([open])') === null)
      .map((one) => one.textContent ?? ''),
  )
}
