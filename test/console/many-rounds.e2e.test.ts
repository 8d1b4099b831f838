import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { runEvidence } from '../cli/run-program.ts'
import { openChromium, type TestBrowser } from '../support/chromium.ts'
import { type ConsoleService, removeFolder, startConsole } from './console-service.ts'
import { openPage } from './page-watch.ts'
import { seedManyRounds } from './seed-ledger.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const ROUNDS = 10_000
/** Bounds of the document: what must not grow with the number of rounds. */
const [MOST_ELEMENTS, MOST_ROWS] = [3000, 60]

const test: { browser?: TestBrowser | null; service?: ConsoleService } = {}
beforeAll(async () => {
  test.browser = await openChromium()
  if (test.browser === null) return
  // Ten thousand durable writes: in memory where the machine has a place for that, since no disk is tested here.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'evidence-console-'))
  const ledger = join(folder, 'evidence.db')
  await seedManyRounds(ledger, ROUNDS)
  const counted = runEvidence(folder, ['history', 'counts', '--ledger', ledger])
  expect(counted.code).toBe(0)
  test.service = await startConsole({ folder, ledger })
})
afterAll(async () => {
  await test.service?.stop()
  await test.browser?.close()
  if (test.service) removeFolder(test.service.folder)
})

it('ten thousand rounds: all can be scrolled to, and the document stays small', async ({ skip }) => {
  if (!test.browser || !test.service) return skip()
  const page = await test.browser.browser.newPage({ locale: 'en-US', reducedMotion: 'reduce', viewport: { width: 1280, height: 900 } })
  const sizes: number[] = []
  const measure = async (): Promise<void> => {
    const { elements, rows } = await page.evaluate(() => ({
      elements: document.querySelectorAll('*').length,
      rows: document.querySelectorAll('tbody tr').length,
    }))
    sizes.push(elements)
    expect(rows).toBeLessThan(MOST_ROWS)
  }
  await openPage(page, test.service.url, 'tbody tr')
  expect(await page.locator('tbody tr').first().innerText()).toContain('many-09999')
  await measure()
  const isAtEnd = (): Promise<boolean> => page.evaluate(() => [...document.querySelectorAll('tbody tr')].at(-1)?.textContent?.includes('many-00000') === true)
  for (let steps = 0; steps < 500 && !(await isAtEnd()); steps++) {
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
    await page.waitForTimeout(50)
  }
  await measure()
  expect(await page.locator('main').innerText()).toContain(`${ROUNDS} rounds.`)
  expect(await page.locator('table').getAttribute('aria-rowcount')).toBe(String(ROUNDS + 1))
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2))
  await page
    .locator('tbody tr')
    .filter({ hasText: 'many-05' })
    .or(page.locator('tbody tr').filter({ hasText: 'many-04' }))
    .first()
    .waitFor()
  await measure()
  await page.evaluate(() => window.scrollTo(0, 0))
  await page.locator('tbody tr').filter({ hasText: 'many-09999' }).waitFor()
  await page.getByLabel('Result', { exact: true }).selectOption('BLOCKED')
  await page.getByText('many-09996').first().waitFor()
  await page.waitForFunction(() => ![...document.querySelectorAll('tbody tr')].some((row) => !row.textContent?.includes('Blocked')))
  await measure()
  console.log(`elements in the document of 10,000 rounds: ${sizes.join(', ')}`)
  expect(Math.max(...sizes)).toBeLessThan(MOST_ELEMENTS)
  await page.close()
})

it('a ledger of ten thousand rounds is verified from the page, and its head is the one that the command line gives', async ({ skip }) => {
  if (!test.browser || !test.service) return skip()
  const page = await test.browser.browser.newPage({ locale: 'en-US', reducedMotion: 'reduce' })
  await openPage(page, `${test.service.url}/ledger`, 'dl')
  await page.getByRole('button', { name: 'Verify the ledger' }).click()
  await page.getByText(`Nothing is wrong: ${ROUNDS * 3} events verified`).waitFor({ timeout: 120_000 })
  const told = runEvidence(test.service.folder, ['ledger', 'verify', '--ledger', test.service.ledger])
  const head = /head=(\S+)/.exec(told.stdout)?.[1] ?? 'none'
  expect(await page.getByRole('alert').innerText()).toContain(head)
  await page.close()
})
