import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isProved } from '../../api/exports/bundle-verification.ts'
import { PACKETS_CSP } from '../../api/exports/packets-style.ts'
import { verifyBundle } from '../../api/exports/verify-bundle.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import { TOOL } from '../../schemas/tool.ts'
import { runEvidence } from '../cli/run-program.ts'
import { importedLedger, makeApi, ROUND } from '../support/api-harness.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

describe('over HTTP', () => {
  it('a bundle has the bytes of the command line, and proves itself', { timeout: 120_000 }, async () => {
    const ledger = await importedLedger()
    const file = `${ledger}.tar`
    expect(runEvidence('/tmp', ['bundle', 'export', ROUND, '--ledger', ledger, '--output', file]).code).toBe(0)
    const { app } = await makeApi({ ledger })
    const answer = await app.inject(`/v1/rounds/${ROUND}/bundle`)
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['content-disposition']]).toEqual([
      200,
      'application/x-tar',
      `attachment; filename="${ROUND}.bundle.tar"`,
    ])
    expect(answer.rawPayload.equals(readFileSync(file))).toBe(true)
    expect(answer.headers.etag).toBe(`"${sha256Digest(answer.rawPayload)}"`)
    expect(isProved(verifyBundle(answer.rawPayload))).toBe(true)
    const again = await app.inject({ url: `/v1/rounds/${ROUND}/bundle`, headers: { 'if-none-match': String(answer.headers.etag) } })
    expect([again.statusCode, again.rawPayload.length]).toEqual([304, 0])
  })

  it.each(['in-toto', 'oscal'])('%s has the bytes of the command line', { timeout: 120_000 }, async (form) => {
    const ledger = await importedLedger()
    const { app } = await makeApi({ ledger })
    const { body, statusCode } = await app.inject(`/v1/rounds/${ROUND}/${form}?policy=sop@1.61`)
    const ran = runEvidence('/tmp', ['export', form, ROUND, '--ledger', ledger, '--policy', 'sop@1.61'])
    expect([statusCode, ran.code, body === ran.stdout, body.includes('sop@1.61')]).toEqual([200, 0, true, true])
  })

  it('the page of owner packets has a policy of its own, which allows its style and no script', async () => {
    const { app } = await makeApi()
    const pages = await Promise.all(['', '?lang=en', '?lang=zh-Hant'].map((query) => app.inject(`/v1/rounds/${ROUND}/packets.html${query}`)))
    expect(pages.map((page) => [page.statusCode, page.headers['content-type'], page.headers['content-security-policy']])).toEqual(
      pages.map(() => [200, 'text/html; charset=utf-8', PACKETS_CSP]),
    )
    expect(pages[0]?.body).toBe(pages[1]?.body)
    expect(pages[2]?.body).toContain('<html lang="zh-Hant">')
    expect((await app.inject(`/v1/rounds/${ROUND}/packets.html?lang=fr`)).statusCode).toBe(400)
  })
})

it('this program is named as package.json names it', () => {
  const { name, version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { name: string; version: string }
  expect(TOOL).toEqual({ name, version })
})
