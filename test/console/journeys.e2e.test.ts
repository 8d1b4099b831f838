import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it, vi } from 'vitest'
import { LOCALHOST, runEvidence } from '../cli/run-program.ts'
import { consolePages } from './console-pages.ts'
import { makeLedger, startConsole } from './console-service.ts'
import { greenTexts, openPage, settled, watchPage } from './page-watch.ts'
import { HOSTILE, SEEDED } from './seed-ledger.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const RECORDED = 'awoooi-post-reboot-readiness-20260627-005728'
const withPage = consolePages(async () => {
  const { folder, ledger } = await makeLedger()
  writeFileSync(join(folder, 'slow.yaml'), SLOW_ESTATE)
  return startConsole({ folder, ledger, args: ['--estate', join(folder, 'slow.yaml')] })
})

/** Three checks that take long enough to be watched. */
const SLOW_ESTATE = `estate: slow
version: "1"
title: A small estate whose checks take a moment
policy: sop@1.78
hosts: [{ id: here, transport: local }]
commands: [{ id: nap, argv: [sleep, "1"] }]
gates: [{ id: P0-FIRST }, { id: P1-SECOND, depends_on: [P0-FIRST] }]
checks:
  - { id: nap-one, gate: P0-FIRST, host: here, kind: command, command: nap }
  - { id: nap-two, gate: P1-SECOND, host: here, kind: command, command: nap }
  - { id: nap-three, gate: P1-SECOND, host: here, kind: command, command: nap }
`

describe('no false green', () => {
  it(
    'where a round is a transcript, open or not what was sealed, whatever its words say',
    withPage(async (page, { url }) => {
      for (const id of [RECORDED, SEEDED.open, SEEDED.tampered]) {
        await openPage(page, `${url}/rounds/${id}`, 'article')
        expect([id, await greenTexts(page)]).toEqual([id, []])
      }
      await openPage(page, `${url}/rounds/${SEEDED.green}`, 'article')
      expect(await greenTexts(page)).toContain('Pass')
    }),
  )

  it(
    'in the proof of an event under a root that nobody sealed, and on the packets to print of its round',
    withPage(async (page, { url }) => {
      const { rows } = (await (await fetch(`${url}/v1/rounds/${SEEDED.tampered}/events`)).json()) as { rows: { event: { id: string; type: string } }[] }
      const seen = rows.find(({ event }) => event.type === 'evidence.tcp.observed.v1')?.event.id
      await openPage(page, `${url}/rounds/${SEEDED.tampered}/events/${seen}`, 'dl')
      await page.getByText('which is not a root that was sealed').waitFor()
      expect(await greenTexts(page)).toEqual([])
      await openPage(page, `${url}/rounds/${SEEDED.tampered}/packets/print`, 'main button')
      await page.getByRole('button', { name: 'Take and show' }).click()
      await page.getByText('Not known: nothing in this round is trusted').waitFor()
      expect(await page.locator('main').innerText()).toContain('Tampered or damaged')
    }),
  )

  it(
    'where nobody renewed the answer: it grows old by itself',
    withPage(async (page, { url }) => {
      await page.clock.install()
      await openPage(page, `${url}/rounds/${SEEDED.green}`, 'article')
      expect(await greenTexts(page)).toContain('Pass')
      await page.route('**/v1/**', () => undefined) // never answered
      await page.clock.runFor(150_000)
      await page.getByText('Old: this could not be brought up to date').first().waitFor()
      expect(await greenTexts(page)).toEqual([])
    }),
  )

  it(
    'rounds that never ended or were tampered with stand above all others',
    withPage(async (page, { url }) => {
      await openPage(page, url, 'tbody tr')
      const text = await page.locator('main').innerText()
      const places = ['One round is not what was sealed', SEEDED.tampered, 'One round is unfinished', SEEDED.open, 'Newest finished round'].map((words) =>
        text.indexOf(words),
      )
      expect(places).toEqual([...places].sort((a, b) => a - b))
      expect(places[0]).toBeGreaterThan(0)
      expect(await page.locator('tbody').innerText()).not.toContain(SEEDED.tampered)
    }),
  )
})

describe('a live round', () => {
  it(
    'from the button to the verdict, with no verdict before the seal',
    withPage(async (page, { url }) => {
      await openPage(page, `${url}/live`, 'form')
      await page.getByRole('button', { name: 'Start a round' }).click()
      await page.waitForURL(/\/live\/slow-/)
      await page.locator('[data-seen="met"]').first().waitFor()
      expect(await page.locator('[data-seen="waiting"]').count()).toBeGreaterThan(0)
      expect(await greenTexts(page)).toEqual([])
      await page.getByRole('heading', { name: 'Verdict' }).waitFor({ timeout: 60_000 })
      await settled(page, '[data-paint="good"]')
      expect(await page.locator('main').innerText()).toContain('3 of 3 checks are accounted for · sealed')
      await page.getByRole('link', { name: 'To the round' }).click()
      await page.locator('article').first().waitFor()
      expect(await greenTexts(page)).toContain('Full stack green')
    }),
  )

  it(
    'that the command line runs is watched from its first event on',
    withPage(async (page, { url, ledger, folder }) => {
      await openPage(page, `${url}/live/by-command-line`)
      const ran = runEvidence(folder, ['round', 'run', '--estate', LOCALHOST, '--ledger', ledger, '--id', 'by-command-line', '--quiet'])
      expect(ran.stderr).toBe('')
      await page.getByRole('heading', { name: 'Verdict' }).waitFor({ timeout: 60_000 })
      expect(await page.locator('main').innerText()).toContain('7 of 7 checks are accounted for')
    }),
  )
})

describe('with a keyboard only', () => {
  it(
    'from the first Tab to a check’s evidence and its proof',
    withPage(async (page, { url }) => {
      await openPage(page, url, 'tbody tr')
      await page.keyboard.press('Tab')
      expect(await focused(page)).toBe('Skip to content')
      await page.keyboard.press('Enter')
      await tabTo(page, (text) => text.includes('2026-'))
      await page.keyboard.press('End')
      await page.keyboard.press('ArrowLeft')
      const chosen = await focused(page)
      expect(chosen).toMatch(/^20\d\d-.*UTC: /)
      await page.keyboard.press('Enter')
      await page.locator('article').first().waitFor()
      expect(chosen).toContain(await focused(page))
      await tabTo(page, (text) => text.startsWith('Attempts and evidence'))
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'This event with its inclusion proof' }).first().waitFor()
      await tabTo(page, (text) => text === 'This event with its inclusion proof')
      await page.keyboard.press('Enter')
      await page.getByText('This browser computed').waitFor()
      await page.locator('dd').filter({ hasText: 'Included under the root' }).nth(1).waitFor()
    }),
  )
})

async function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '')
}

async function tabTo(page: Page, isThere: (text: string) => boolean): Promise<void> {
  for (let steps = 0; steps < 60; steps++) {
    await page.keyboard.press('Tab')
    if (isThere(await focused(page))) return
  }
  throw new Error('the Tab key never came there')
}

describe('what is taken away and proved', () => {
  it(
    'packets are saved byte for byte as the server gives them, and read on a page to print',
    withPage(async (page, { url }) => {
      await openPage(page, `${url}/rounds/${RECORDED}/packets`, 'article')
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download packets' }).click()])
      const given = await (await fetch(`${url}/v1/rounds/${RECORDED}/packets`)).text()
      expect([download.suggestedFilename(), readFileSync(await download.path(), 'utf8')]).toEqual([`${RECORDED}-owner-packets.json`, given])
      await page.getByRole('link', { name: 'Printable page' }).click()
      await page.getByRole('button', { name: 'Take and show' }).click()
      await page.getByText((JSON.parse(given) as { packet_set_digest: string }).packet_set_digest).waitFor()
    }),
  )

  it(
    'a round that is not what was sealed is what verifying the ledger finds',
    withPage(async (page, { url, folder, ledger }) => {
      await openPage(page, `${url}/ledger`, 'dl')
      await page.getByRole('button', { name: 'Verify the ledger' }).click()
      await page.getByText('The ledger is damaged or was tampered with').waitFor({ timeout: 60_000 })
      const told = runEvidence(folder, ['ledger', 'verify', '--ledger', ledger])
      expect([told.code, await greenTexts(page)]).toEqual([1, []])
    }),
  )
})

describe('what comes from outside', () => {
  it(
    'markup in evidence is text on every page that shows it',
    withPage(async (page, { url }) => {
      const watched = watchPage(page, url)
      await openPage(page, `${url}/rounds/${SEEDED.hostile}`, 'article')
      await page.locator('details').filter({ hasText: 'Attempts and evidence' }).first().locator('summary').first().click()
      await page.getByRole('link', { name: 'This event with its inclusion proof' }).click()
      await page.getByText(HOSTILE).first().waitFor()
      await openPage(page, `${url}/search?q=${encodeURIComponent('<img src=x')}`, 'mark')
      await openPage(page, `${url}/history?kind=checks&estate=test&name=check-a`, 'td')
      expect(await page.evaluate(() => 'wasHacked' in window)).toBe(false)
      expect([...watched.errors, ...watched.foreign]).toEqual([])
    }),
  )

  it(
    'junk in the address is no page, and is never sent to the server',
    withPage(async (page, { url }) => {
      const asked: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      for (const junk of [
        '/rounds/..%2F..%2Fetc',
        '/rounds/%3Cscript%3Ealert(1)%3C%2Fscript%3E',
        `/rounds/${SEEDED.green}/events/xyz`,
        '/live/%00',
        '/nothing/at/all?token=x',
        `/rounds/${'a'.repeat(200)}`,
      ]) {
        await openPage(page, `${url}${junk}`)
        expect([junk, await page.locator('h1').innerText()]).toEqual([junk, 'There is no such page'])
      }
      await openPage(page, `${url}/rounds/${SEEDED.green}?policy=%22%3E%3Cscript%3E`, 'article')
      await openPage(page, `${url}/compare?a=<b>&b=%27--`)
      await openPage(page, `${url}/?estate=%00&overall=<x>&from=never&show=1`)
      expect(asked.filter((one) => one.includes('/v1/') && /etc|script|xyz|%3Cb|aaaa|never/.test(one))).toEqual([])
    }),
  )
})
