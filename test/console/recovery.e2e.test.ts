import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it, vi } from 'vitest'
import type { TimelineResult } from '../../schemas/timeline.ts'
import { ROOT, runEvidence } from '../cli/run-program.ts'
import { consolePages } from './console-pages.ts'
import { makeLedger, startConsole } from './console-service.ts'
import { axeFindings, greenTexts, openPage, settled, sidewaysScroll, watchPage } from './page-watch.ts'
import { EVIDENCE_ID_SHA256, seedDecisions } from './seed-decisions.ts'
import { SEEDED } from './seed-ledger.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const RECORDED = 'awoooi-post-reboot-readiness-20260627-115046'

/** One layer may start, the next may not; a service group of its own. The same as in docs/guards.md. */
const RELEASED = `estate: released
version: "1"
policy: sop@1.78
hosts: [{ id: here, transport: local }]
gates: [{ id: P0-DATA }, { id: P1-K3S, depends_on: [P0-DATA] }, { id: P3-HIGH-LOAD }]
checks:
  - { id: db, gate: P0-DATA, host: here, kind: file, path: /proc/sys/kernel/random/boot_id }
  - { id: nodes, gate: P1-K3S, host: here, kind: file, path: /no/such/file, severity: warn }
  - { id: backlog, gate: P3-HIGH-LOAD, part: high_load, host: here, kind: file, path: /no/such/file, severity: warn }
releases: [{ id: consumers, phase: high_load_batch, needs: [db, backlog] }]
`

const onPage = consolePages(async () => {
  const { folder, ledger } = await makeLedger()
  await seedDecisions(ledger)
  const imported = runEvidence(folder, ['round', 'import', join(ROOT, 'test/golden/green/events.ndjson'), '--ledger', ledger])
  if (imported.code !== 0) throw new Error(imported.stderr)
  writeFileSync(join(folder, 'released.yaml'), RELEASED)
  const ran = runEvidence(folder, ['round', 'run', '--estate', 'released.yaml', '--id', 'released-1', '--quiet', '--ledger', ledger])
  if (ran.code !== 1) throw new Error(ran.stderr)
  return startConsole({ folder, ledger })
})

/** On a page of its own, which must have made no error and no foreign request. */
function withPage(work: (page: Page, url: string) => Promise<void>, expected: readonly RegExp[] = []) {
  return onPage(async (page, { url }) => {
    const watched = watchPage(page, url)
    await work(page, url)
    expect([...watched.errors.filter((error) => !expected.some((one) => one.test(error))), ...watched.foreign]).toEqual([])
  })
}

/** What stands before each name of a list of conditions or milestones. */
const marksOf = (page: Page, label: string): Promise<string[]> =>
  page
    .getByRole('region', { name: label, exact: true })
    .locator('li:has(> div [data-paint])')
    .evaluateAll((items) => items.map((item) => `${item.querySelector('[data-paint]')?.textContent} ${item.querySelector('strong')?.textContent}`))

/** Text, or a table, of a part of the page. */
const partText = (page: Page, label: string): Promise<string> => page.getByRole('region', { name: label, exact: true }).innerText()

describe('recovery', () => {
  it(
    'says of every layer, release and group what the guard says, and only what is met is green',
    withPage(async (page, url) => {
      const timeline = (await (await fetch(`${url}/v1/rounds/released-1/guards/timeline`)).json()) as TimelineResult
      await openPage(page, `${url}/rounds/released-1/recovery`, 'li strong')
      const word = ({ status }: { status: string }): string => (status === 'conditions_met' ? 'Conditions met' : 'Held')
      expect(await marksOf(page, 'Layers')).toEqual(timeline.phases.map((one) => `${word(one)} ${one.gate}`))
      expect(await marksOf(page, 'Layers')).toEqual(['Conditions met P0-DATA', 'Conditions met P1-K3S', 'Held P3-HIGH-LOAD'])
      expect(await marksOf(page, 'Conditions of release')).toEqual(timeline.releases.map((one) => `Held ${one.phase}`))
      expect(await marksOf(page, 'Service groups of the estate')).toEqual(['Held high_load_batch/consumers'])
      expect(await partText(page, 'Layers')).toContain('P1-K3S=WARN')
      expect(await partText(page, 'Conditions of release')).toContain('RUNTIME_ACTION_AUTHORIZED=0')
      expect((await greenTexts(page)).filter((text) => text === 'Conditions met')).toHaveLength(2)
      expect(await partText(page, 'Where the recovery stood')).toContain(timeline.layer)
    }),
  )

  it(
    'is green nowhere in a round that is a transcript, open or not what was sealed',
    withPage(async (page, url) => {
      for (const id of [RECORDED, SEEDED.open, SEEDED.tampered]) {
        await openPage(page, `${url}/rounds/${id}/recovery`, 'li strong')
        expect([id, await greenTexts(page), await partText(page, 'Layers')]).toEqual([id, [], expect.not.stringContaining('Conditions met')])
      }
    }),
  )

  it(
    'counts from the time that was given, and says why where that is none',
    withPage(async (page, url) => {
      await openPage(page, `${url}/rounds/${SEEDED.green}/recovery`, 'li strong')
      expect(await partText(page, 'Where the recovery stood')).toContain('everything counts as due')
      await page.getByLabel('Power-on or reboot').fill('2026-06-28T03:20:46Z')
      await page.getByRole('button', { name: 'Count from there' }).click()
      await page.getByText('30 minutes').waitFor()
      expect(await marksOf(page, 'Milestones')).toHaveLength(7)
      expect(page.url()).toContain('since=2026-06-28')
    }),
  )
})

describe('reviews and escrow', () => {
  it(
    'tell who decided what and until when; nothing of it is green, and no digest of an evidence id is there',
    withPage(async (page, url) => {
      await page.clock.setFixedTime('2026-10-01T00:00:00.000Z')
      await openPage(page, `${url}/reviews?estate=awoooi`, 'table')
      const reviews = await page
        .getByRole('table', { name: 'Reviews' })
        .locator('tbody tr')
        .evaluateAll((rows) => rows.map((row) => [row.children[1]?.textContent, row.children[3]?.textContent]))
      expect(reviews.map(([state]) => state)).toEqual(['Rejected', 'Rejected', 'Accepted, then taken back', 'Accepted, ended', 'Accepted'])
      expect(reviews.slice(1).map(([, reviewer]) => reviewer)).toEqual(['Third Person', 'Taken Back', 'Has Ended', 'Runs On'])
      expect(await partText(page, 'Preflights')).toMatch(/Ready for an independent review[\s\S]*looks like a secret[\s\S]*secret_like/)
      expect(await partText(page, 'Escrow markers')).toMatch(/Marker recorded[\s\S]*Dry run passed/)
      expect(await partText(page, 'Escrow of an estate')).toContain('restic_repository_password')
      expect(await greenTexts(page)).toEqual([])
      expect(await page.content()).not.toContain(EVIDENCE_ID_SHA256)
      expect(await page.evaluate(() => 'wasHacked' in window)).toBe(false)
    }),
  )

  it(
    'an item is green where the round that saw it is verified, until the answer grows old; an acceptance that ended since says so',
    withPage(async (page, url) => {
      await page.clock.install({ time: '2026-09-29T00:00:00.000Z' })
      await openPage(page, `${url}/reviews?estate=golden`, 'table')
      const items = page.getByRole('table', { name: 'Escrow of an estate' }).locator('tbody tr')
      const states = (await items.allInnerTexts()).map((text) => text.split(/\s/)[0])
      const { items: told } = (await (await fetch(`${url}/v1/escrow?estate=golden`)).json()) as { items: { level: string }[] }
      expect(states).toEqual(told.map(({ level }) => ({ PASS: 'Pass', WARN: 'Warning', BLOCKED: 'Blocked' })[level]))
      expect(await greenTexts(page)).toEqual(['Verified', 'Pass', 'Pass'])
      expect(await items.getByText('ended since').count()).toBe(0)
      await page.route('**/v1/**', () => undefined) // never answered
      await page.clock.fastForward(2 * 86_400_000)
      await page.getByText('ended since').first().waitFor()
      expect([await items.getByText('ended since').count(), await greenTexts(page)]).toEqual([2, []])
    }),
  )

  it(
    'lead to the event itself',
    withPage(
      async (page, url) => {
        await openPage(page, `${url}/reviews`, 'table')
        await page.getByRole('table', { name: 'Reviews' }).getByRole('link').first().click()
        await settled(page, 'dl')
        expect(page.url()).toContain(`/rounds/${SEEDED.green}/events/`)
        await page.getByText('review.recorded.v1').first().waitFor()
        // A decision is not under the root: there is no proof of it, and the page says so.
      },
      [/status of 404/],
    ),
  )
})

describe('the ledger', () => {
  it(
    'has events by day as the server counts them, and says that nothing was rejected',
    withPage(async (page, url) => {
      await openPage(page, `${url}/ledger`, 'table')
      const { rows } = (await (await fetch(`${url}/v1/history/counts`)).json()) as { rows: { day: string; count: number }[] }
      const newest =
        rows
          .map((row) => row.day)
          .sort()
          .at(-1) ?? ''
      const total = rows.filter((row) => row.day === newest).reduce((sum, row) => sum + row.count, 0)
      const first = page.getByRole('table', { name: 'Events by day' }).locator('tbody tr').first()
      expect(await first.locator('td').allInnerTexts()).toEqual([newest, String(total), expect.stringMatching(/^\d+ types?$|^One type$/)])
      expect(await partText(page, 'Rejected messages')).toContain('None.')
    }),
  )

  it(
    'tells why a message was rejected, and takes nothing in it for markup',
    withPage(async (page, url) => {
      // Only a topic has such messages: this answer is written by hand, in the shape of the published one.
      const row = { partition: 2, offset: '17', reason: 'event_invalid', detail: '<img src=x onerror="window.wasHacked=1">', digest: 'ab' }
      const body = JSON.stringify({ rows: [{ ...row, event_id: null, round_id: 'round-a', at: '2026-06-27T03:50:46.000Z' }], next: null })
      await page.route('**/v1/history/rejected*', (route) => route.fulfill({ contentType: 'application/json', body }))
      await openPage(page, `${url}/ledger`, 'table')
      await page.getByText('event_invalid').waitFor()
      expect(await partText(page, 'Rejected messages')).toMatch(/<img src=x[\s\S]*2 \/ 17[\s\S]*round-a[\s\S]*unknown/)
      expect(await page.evaluate(() => 'wasHacked' in window)).toBe(false)
    }),
  )
})

it(
  'the pages are right for axe and never scroll sideways, at 1280 and at 390 pixels, with everything in them',
  withPage(async (page, url) => {
    const wrong: string[] = []
    for (const path of ['/rounds/released-1/recovery', '/reviews?estate=awoooi', '/ledger']) {
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 900 })
        await openPage(page, `${url}${path}`, 'section')
        wrong.push(...(await axeFindings(page)).map((finding) => `${path} at ${width}: ${finding}`))
        if ((await sidewaysScroll(page)) > 0) wrong.push(`${path} at ${width}: scrolls sideways`)
      }
    }
    expect(wrong).toEqual([])
  }),
)
