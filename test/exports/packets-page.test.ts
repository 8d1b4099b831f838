import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packetsPage } from '../../api/exports/packets-page.ts'
import { PACKETS_CSP, PACKETS_STYLE } from '../../api/exports/packets-style.ts'
import { PACKET_LANGUAGES, PACKET_WORDS } from '../../api/exports/packets-words.ts'
import type { OwnerPackets } from '../../schemas/packets.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

const packets = JSON.parse(readFileSync(join(REPOSITORY, 'test/golden/blocked/packets.json'), 'utf8')) as OwnerPackets
const CHROMIUM = '/usr/bin/chromium'

/** Every text of a value, at any depth. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : []
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')
}

describe.each(PACKET_LANGUAGES)('the page of owner packets (%s)', (language) => {
  const page = packetsPage(packets, 'verified', language)

  it('says everything that the packets say, with their digests', () => {
    const { response_template: _form, ...rest } = packets.owner_packets[0] as OwnerPackets['owner_packets'][number]
    const shown = [...textsIn({ ...packets, schema_version: '', owner_packets: [] }), ...textsIn(rest), packets.packet_set_digest]
    expect(shown.filter((text) => !page.includes(escaped(text)))).toEqual([])
    for (const packet of packets.owner_packets) expect(page.split(packet.packet_digest)).toHaveLength(3)
  })

  it('has its headings in one language, and fields to fill in', () => {
    const words = PACKET_WORDS[language]
    expect(page).toContain(`<html lang="${language}">`)
    for (const word of Object.values(words)) if (typeof word === 'string' && word !== words.none && word !== words.notKnown) expect(page).toContain(word)
    expect(page.match(/<section class="packet">/g)).toHaveLength(3)
    expect(page.split(`<small>${words.signature}</small>`)).toHaveLength(7)
  })

  it('has no script, no address outside and no style but its own, which its policy names', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<form|<a |url\(|https?:|javascript:| on[a-z]+=| style=/i)
    expect(PACKETS_CSP).toContain(`style-src 'sha256-${hash('sha256', PACKETS_STYLE, 'base64')}'`)
    expect(page).toContain(`<style>${PACKETS_STYLE}</style>`)
    expect(page).toContain(escaped(PACKETS_CSP.split("; frame-ancestors 'none'")[0] ?? ''))
  })

  it('escapes whatever comes from the packets', () => {
    const hostile = `"><script>alert(1)</script><img src=x onerror='a'>&`
    const all = JSON.parse(JSON.stringify(packets), (_key, value) => (typeof value === 'string' ? hostile : value)) as OwnerPackets
    const text = packetsPage(all, 'verified', language)
    expect(text).not.toMatch(/<script|<img|onerror='/)
    // What is left without the hostile text is markup of ours alone: every tag of it is one that the honest page has.
    const tags = (html: string): string[] => [...new Set(html.match(/<[^>]*>/g) ?? [])].filter((tag) => !tag.startsWith('<meta') && !tag.startsWith('<style'))
    const honest = tags(page)
    expect(tags(text).filter((tag) => !honest.includes(tag))).toEqual([])
  })

  it('is the same every time, and says so where there is no gate', () => {
    expect(packetsPage(packets, 'verified', language)).toBe(page)
    expect(packetsPage({ ...packets, owner_packets: [], next_gate_count: 0 }, 'verified', language)).toContain(PACKET_WORDS[language].none)
  })

  it.each(['legacy_unverified', 'unsealed', 'mismatch'] as const)('says that a round is %s, and claims nothing of one that is not trusted', (integrity) => {
    const words = PACKET_WORDS[language]
    const text = packetsPage({ ...packets, owner_packets: [], next_gate_count: 0 }, integrity, language)
    expect(text).toContain(`<dd><code>${integrity}</code> ${words.integrityMeans[integrity]}</dd>`)
    expect([text.includes(words.none), text.includes(words.notKnown)]).toEqual(integrity === 'legacy_unverified' ? [true, false] : [false, true])
  })

  it.skipIf(!existsSync(CHROMIUM))(
    `is printed by ${CHROMIUM} (skipped where it is not installed) as a sheet or two for each packet`,
    { timeout: 120_000 },
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'packets-'))
      writeFileSync(join(folder, 'page.html'), page)
      const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}/profile`, '--no-pdf-header-footer']
      const ran = spawnSync(CHROMIUM, [...flags, `--print-to-pdf=${folder}/page.pdf`, `file://${folder}/page.html`], { encoding: 'utf8', timeout: 110_000 })
      expect(ran.status).toBe(0)
      const pdf = readFileSync(join(folder, 'page.pdf'), 'latin1')
      const pages = pdf.match(/\/Type \/Page\b(?!s)/g)?.length ?? 0
      expect(pages).toBeGreaterThanOrEqual(4)
      expect(pages).toBeLessThanOrEqual(7)
    },
  )
})
