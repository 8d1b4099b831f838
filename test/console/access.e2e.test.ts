import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runEvidence } from '../cli/run-program.ts'
import { openChromium, type TestBrowser } from '../support/chromium.ts'
import { type ConsoleService, makeLedger, removeFolder, startConsole } from './console-service.ts'
import { greenTexts, openPage, settled } from './page-watch.ts'
import { SEEDED } from './seed-ledger.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const ROUND = 'awoooi-post-reboot-readiness-20260627-115046'
const test: { browser?: TestBrowser | null; service?: ConsoleService; auditor?: string; owner?: string } = {}
beforeAll(async () => {
  test.browser = await openChromium()
  if (test.browser === null) return
  const { folder, ledger } = await makeLedger()
  const access = join(folder, 'access.db')
  const create = (role: string): string => {
    const ran = runEvidence(folder, ['token', 'create', '--role', role, '--subject', `a-${role}`, '--access', access])
    if (ran.code !== 0) throw new Error(ran.stderr)
    return ran.stdout.trim()
  }
  test.auditor = create('auditor')
  test.owner = create('owner')
  test.service = await startConsole({ folder, ledger, args: ['--access', access] })
})
afterAll(async () => {
  await test.service?.stop()
  await test.browser?.close()
  if (test.service) removeFolder(test.service.folder)
})

describe('a server that wants tokens', () => {
  it('lets nobody see anything without one; the token stays in this tab, and in no address and no log', async ({ skip }) => {
    if (!test.browser || !test.service || !test.auditor) return skip()
    const [{ url }, token] = [test.service, test.auditor]
    const context = await test.browser.browser.newContext({ locale: 'en-US' })
    const page = await context.newPage()
    const addresses: string[] = []
    page.on('request', (request) => addresses.push(request.url()))
    await openPage(page, `${url}/rounds/${SEEDED.green}`)
    await page.getByText('The server wants a token.').waitFor()
    expect(await page.locator('main').innerText()).not.toContain('Coverage')

    await page.getByRole('textbox', { name: 'Token' }).fill(`${token.slice(0, -1)}x`)
    await page.locator('main').getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The server wants a valid token.').waitFor()
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0)

    await page.getByRole('textbox', { name: 'Token' }).fill(token)
    await page.locator('main').getByRole('button', { name: 'Sign in' }).click()
    await settled(page, 'article')
    expect(await greenTexts(page)).toContain('Full stack green')
    const stored = await page.evaluate(() => ({ session: JSON.stringify(sessionStorage), local: JSON.stringify(localStorage), cookie: document.cookie }))
    expect([stored.session.includes(token), stored.local.includes(token), stored.cookie]).toEqual([true, false, ''])
    await page.reload()
    await settled(page, 'article')
    const otherTab = await context.newPage()
    await openPage(otherTab, url)
    await otherTab.getByText('The server wants a token.').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('The server wants a token.').waitFor()
    expect(addresses.filter((address) => address.includes(token.slice(0, 12)))).toEqual([])
    expect(test.service.output()).not.toContain(token)
    await context.close()
  })

  it('offers an auditor no submission; an owner’s response is answered with codes and places, and never shown', async ({ skip }) => {
    if (!test.browser || !test.service || !test.auditor || !test.owner) return skip()
    const { url, folder } = test.service
    const context = await test.browser.browser.newContext({ locale: 'en-US' })
    const page = await context.newPage()
    await page.addInitScript((token) => sessionStorage.setItem('evidence-token', token), test.auditor)
    await openPage(page, `${url}/rounds/${ROUND}/packets`, 'article')
    await page.getByText('Only an owner may submit a response.').waitFor()
    expect(await page.getByRole('button', { name: 'Send to the preflight' }).isDisabled()).toBe(true)
    const ownersPage = await context.newPage()
    await ownersPage.addInitScript((token) => sessionStorage.setItem('evidence-token', token), test.owner)
    await openPage(ownersPage, `${url}/rounds/${ROUND}/packets`, 'article')
    const secret = `correct-horse-${'battery'.repeat(2)}`
    const file = join(folder, 'response.json')
    writeFileSync(file, JSON.stringify({ approved: true, comment: secret }))
    await ownersPage.locator('input[type=file]').setInputFiles(file)
    await ownersPage.getByRole('button', { name: 'Send to the preflight' }).click()
    await ownersPage.getByRole('alert').getByText('accepted=0 runtime_gate=0').waitFor()
    const said = await ownersPage.getByRole('alert').innerText()
    expect(said).toContain('Blocked')
    expect(await ownersPage.content()).not.toContain(secret)
    await openPage(ownersPage, `${url}/rounds/${ROUND}/events`, 'td')
    await ownersPage.getByText('response.preflighted.v1').first().waitFor()
    await context.close()
  })

  it('that goes away leaves its old answers on the page with their age, and none of them green', async ({ skip }) => {
    if (!test.browser || !test.service || !test.auditor) return skip()
    const context = await test.browser.browser.newContext({ locale: 'en-US' })
    const page = await context.newPage()
    await page.addInitScript((token) => sessionStorage.setItem('evidence-token', token), test.auditor)
    await openPage(page, `${test.service.url}/rounds/${SEEDED.green}`, 'article')
    expect(await greenTexts(page)).toContain('Full stack green')
    await test.service.stop()
    // As when somebody comes back to the tab: the page asks again.
    await page.evaluate(() => window.dispatchEvent(new Event('visibilitychange')))
    await page.getByText('Old: this could not be brought up to date').first().waitFor({ timeout: 30_000 })
    const text = await page.locator('main').innerText()
    expect(text).toContain('Last loaded at')
    expect(text).toContain('The server does not answer.')
    expect(text).toContain('Full stack green · old, not trusted')
    expect(await greenTexts(page)).toEqual([])
    await page.getByRole('link', { name: 'Declarations' }).click()
    await page.getByText('The server does not answer.').first().waitFor()
    expect(await greenTexts(page)).toEqual([])
    await context.close()
  })
})
