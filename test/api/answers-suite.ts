import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder, runEvidence } from '../cli/run-program.ts'
import { makeApi, ROUND } from '../support/api-harness.ts'
import type { RoutesTarget } from './routes-suite.ts'

const OTHER = 'awoooi-post-start-quick-check-20260626-062600'
const at = (rest: string): string => `/v1/rounds/${ROUND}${rest}`

/** A command of the program and the address that must give the same bytes; `text`: also without `--json`, as text/plain. */
const PAIRS: readonly { args: string[]; url: string; text: boolean; query?: boolean }[] = [
  { args: ['guard', 'declaration', ROUND, '--no-record', '--declare', 'SERVICE_GREEN'], url: at('/guards/declaration?declare=SERVICE_GREEN'), text: true },
  { args: ['guard', 'dispatch', ROUND, '--no-record', '--policy', 'sop@1.28'], url: at('/guards/dispatch?policy=sop@1.28'), text: true },
  { args: ['guard', 'timeline', ROUND, '--since', '2026-06-20T00:00:00Z'], url: at('/guards/timeline?since=2026-06-20T00:00:00Z'), text: true },
  { args: ['round', 'show', ROUND], url: at('/snapshot'), text: true },
  { args: ['round', 'diff', ROUND, OTHER], url: at(`/diff/${OTHER}`), text: true },
  { args: ['round', 'rejudge', ROUND, '--policy', 'sop@1.24'], url: at('/rejudge?policy=sop@1.24'), text: true },
  { args: ['guard', 'packets', ROUND, '--no-record'], url: at('/packets'), text: false },
  { args: ['history', 'rounds', '--limit', '3'], url: '/v1/rounds?limit=3', text: false },
  { args: ['history', 'not-passed', 'awoooi', 'momo-daily-freshness'], url: '/v1/history/not-passed?estate=awoooi&check=momo-daily-freshness', text: false },
  { args: ['history', 'as-of', 'awoooi', '2026-06-27'], url: '/v1/history/as-of?estate=awoooi&moment=2026-06-27', text: false },
]

/** The answers themselves: those of the command line, and what HTTP adds to them. */
export function answersSuite(openTarget: () => Promise<RoutesTarget>): void {
  const open = async () => makeApi(await openTarget())

  describe('the bytes of the command line', { timeout: 240_000 }, () => {
    it.each(PAIRS.map((pair) => ({ ...pair, name: pair.args.join(' ') })))('$name', async ({ args, url, text }) => {
      const { app, config } = await open()
      for (const [accept, more] of text
        ? ([
            ['application/json', ['--json']],
            ['text/plain', []],
          ] as const)
        : ([['application/json', ['--json']]] as const)) {
        const ran = runEvidence(newFolder(), [...args, ...more, '--ledger', config.ledger])
        const answer = await app.inject({ url, headers: { accept } })
        expect([answer.statusCode, answer.body]).toEqual([200, ran.stdout])
        expect(answer.headers['content-type']).toContain(accept)
        const said = answer.headers['evidence-answer']
        if (said !== undefined) expect(said).toBe(ran.code === 0 ? 'yes' : 'no')
      }
    })

    it('summary.txt, the packet contract and the preflight of a file', async () => {
      const { app, config } = await open()
      const folder = newFolder()
      const run = (...args: string[]) => runEvidence(folder, [...args, '--ledger', config.ledger])
      expect((await app.inject(at('/summary.txt'))).body).toBe(run('summary', ROUND).stdout)
      expect((await app.inject(at('/summary.txt'))).headers['content-type']).toBe('text/plain; charset=us-ascii')
      const packets = await app.inject(at('/packets'))
      const template = await app.inject(at('/response-template'))
      writeFileSync(path.join(folder, 'packets.json'), packets.body)
      writeFileSync(path.join(folder, 'response.json'), template.body)
      const contract = run('guard', 'contract', ROUND, '--packet-file', 'packets.json', '--json', '--no-record')
      const checked = await app.inject({ method: 'POST', url: at('/guards/contract'), payload: packets.body, headers: { 'content-type': 'application/json' } })
      expect([checked.body, checked.headers['evidence-answer']]).toEqual([contract.stdout, 'yes'])
      const preflight = run('guard', 'preflight', ROUND, '--response-file', 'response.json', '--json', '--no-record')
      const answered = await app.inject({
        method: 'POST',
        url: at('/guards/preflight'),
        payload: template.body,
        headers: { 'content-type': 'application/octet-stream' },
      })
      expect([answered.body, answered.headers['evidence-answer']]).toEqual([preflight.stdout, 'no'])
    })
  })

  describe('entity tags', () => {
    it('spare the body, follow the policy, and are the same for the same bytes', async () => {
      const { app } = await open()
      const first = await app.inject(at('/snapshot'))
      const tag = String(first.headers.etag)
      expect(tag).toBe(`W/"sha256:${createHash('sha256').update(first.body).digest('hex')}"`)
      for (const given of [tag, tag.slice(2), `"other", ${tag}`, '*']) {
        const again = await app.inject({ url: at('/snapshot'), headers: { 'if-none-match': given } })
        expect([again.statusCode, again.body, again.headers.etag, again.headers['evidence-answer']]).toEqual([304, '', tag, 'no'])
      }
      expect((await app.inject({ url: at('/snapshot'), headers: { 'if-none-match': '"other"' } })).statusCode).toBe(200)
      expect((await app.inject(at('/snapshot?policy=sop@1.24'))).headers.etag).not.toBe(tag)
      expect((await app.inject({ url: at('/snapshot'), headers: { accept: 'text/plain' } })).headers.etag).not.toBe(tag)
    })

    it('of what was found by a moment are none: the next round changes it', async () => {
      const { app } = await open()
      const answer = await app.inject('/v1/history/as-of?estate=awoooi&moment=2026-06-28')
      expect([answer.headers.etag, answer.headers['cache-control']]).toEqual([undefined, 'no-store'])
    })
  })

  describe('lists', () => {
    it('give every row once over pages, and the same rows as NDJSON', async () => {
      const { app } = await open()
      for (const url of ['/v1/rounds', '/v1/history/search?q=%22type%22', at('/events')]) {
        const rows: unknown[] = []
        let cursor: string | null = null
        do {
          const page: { rows: unknown[]; next: string | null } = (
            await app.inject({ url, query: { limit: '2', ...(url.includes('?') ? { q: '"type"' } : {}), ...(cursor === null ? {} : { cursor }) } })
          ).json()
          expect(page.rows.length).toBeLessThanOrEqual(2)
          rows.push(...page.rows)
          cursor = page.next
        } while (cursor !== null)
        const stream = await app.inject({ url, headers: { accept: 'application/x-ndjson' } })
        expect([stream.statusCode, stream.headers['content-type']]).toEqual([200, 'application/x-ndjson'])
        const lines = stream.body.split('\n')
        expect(lines.pop()).toBe('')
        const values = lines.map((line) => JSON.parse(line) as unknown)
        expect(rows.length).toBeGreaterThan(2)
        expect(values).toEqual(url.endsWith('/events') ? rows.map((row) => (row as { event: unknown }).event) : rows)
      }
    })

    it('events as NDJSON are the hashed bytes, and one event is too', async () => {
      const { app, ports } = await open()
      const held = new Map<string, string>()
      for await (const page of ports.ledger.readRound(ROUND)) for (const { id, text } of page) held.set(id, text)
      const stream = await app.inject({ url: at('/events'), headers: { accept: 'application/x-ndjson' } })
      expect(stream.body.split('\n').filter(Boolean).toSorted()).toEqual([...held.values()].toSorted())
      for (const [id, text] of held) {
        const one = await app.inject(at(`/events/${id}`))
        expect([one.body, one.headers['content-type']]).toEqual([text, 'application/cloudevents+json; charset=utf-8'])
      }
    })
  })

  it('estates are those with rounds and those named at the start', async () => {
    const { app } = await makeApi({ ...(await openTarget()), config: { estates: ['examples/localhost/estate.yaml'] } })
    const estates = (await app.inject('/v1/estates')).json()
    expect(estates).toMatchObject([
      { id: 'awoooi', rounds: 10, configured: false, last_overall: 'BLOCKED' },
      { id: 'localhost', rounds: 0, configured: true, last_opened_at: null },
    ])
  })

  it('an inclusion proof of every event holds by a reader that knows only SHA-256, and of decisions there is none', async () => {
    const { app } = await open()
    const { evidence_root: root, evidence_count: count } = (await app.inject(at(''))).json()
    const events: { id: string; type: string }[] = (await app.inject(at('/events'))).json().rows
    const indexes = new Set<number>()
    for (const { id, type } of events) {
      const proof = await app.inject(at(`/events/${id}/proof`))
      if (type === 'round.sealed.v1') {
        expect(proof.statusCode).toBe(404)
        continue
      }
      const told = proof.json()
      expect(told).toMatchObject({ root, size: count, verified: true })
      const bytes = (await app.inject(at(`/events/${id}`))).rawPayload
      expect(rootFrom(bytes, told)).toBe(root)
      expect(rootFrom(Buffer.concat([bytes, Buffer.from(' ')]), told)).not.toBe(root)
      indexes.add(told.index)
    }
    expect(indexes.size).toBe(count)
  })
}

/** RFC 9162 §2.1.3.2, written again here; docs/api.md shows the same. */
function rootFrom(event: Buffer, { index, size, proof }: { index: number; size: number; proof: string[] }): string {
  const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
  let hash = sha(Buffer.of(0), event)
  let [node, last] = [index, size - 1]
  for (const sibling of proof.map((hex) => Buffer.from(hex, 'hex'))) {
    if (node % 2 === 1 || node === last) {
      hash = sha(Buffer.of(1), sibling, hash)
      while (node % 2 === 0 && node !== 0) [node, last] = [node >> 1, last >> 1]
    } else hash = sha(Buffer.of(1), hash, sibling)
    ;[node, last] = [node >> 1, last >> 1]
  }
  return last === 0 ? hash.toString('hex') : 'not a proof'
}
