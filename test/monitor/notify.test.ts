import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Notification } from '../../api/monitor/notification.ts'
import { Notifier } from '../../api/monitor/notifier.ts'
import { type Observation, observe } from '../../api/monitor/observation.ts'
import { type Delivery, parseWebhookUrl, sendWebhook } from '../../api/monitor/send-webhook.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { runEvidence } from '../cli/run-program.ts'
import { freePort, serveHttp } from '../support/http-server.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

const GOLDEN = JSON.parse(readFileSync(join(REPOSITORY, 'test/golden/green/snapshot.json'), 'utf8')) as Snapshot

/** A round with these checks; `at` only changes what must not matter. */
function seen(overall: string, result: string, blocked: readonly string[], at = 1): Observation {
  const [first] = GOLDEN.checks as [Snapshot['checks'][number], ...Snapshot['checks']]
  const checks = blocked.map((id) => ({ ...first, id, status: 'BLOCKED' as const, reasons: [`seen at ${at}`] }))
  const snapshot = {
    ...GOLDEN,
    artifact_id: `round-${at}`,
    cold_start: { ...GOLDEN.cold_start, result },
    checks,
    summary: { ...GOLDEN.summary, OVERALL_DECLARATION: overall },
  } as Snapshot
  return observe('shop', { snapshot })
}

const ok = (at?: number): Observation => seen('FULL_STACK_GREEN', 'GREEN', [], at)
const down = (at?: number): Observation => seen('BLOCKED', 'BLOCKED', ['db', 'web'], at)
const other = (at?: number): Observation => seen('BLOCKED', 'BLOCKED', ['mail'], at)
const degraded = (at?: number): Observation => seen('SERVICE_AVAILABLE_DEGRADED', 'DEGRADED', ['lamp'], at)
const failed = (): Observation => observe('shop', { error: new EvidenceError('ledger_full', 'no space in /secret/place') })

const COOLDOWN = 21_600

/** A receiver with a clock; `restart` makes a new notifier over the same state file. */
function receiver(deliver: (message: Notification) => Delivery = () => ({ isDelivered: true, status: 200 })) {
  const stateFile = join(mkdtempSync(join(tmpdir(), 'notify-')), 'state.json')
  const sent: Notification[] = []
  const notes: string[] = []
  const clock = { s: 1_800_000_000 }
  const build = (isDry = false): Notifier =>
    new Notifier({
      stateFile,
      cooldownS: COOLDOWN,
      send: isDry
        ? null
        : async (message) => {
            sent.push(message)
            return deliver(message)
          },
      now: () => new Date(clock.s * 1000),
      note: (text) => notes.push(text),
    })
  const box = { notifier: build() }
  return {
    stateFile,
    sent,
    notes,
    clock,
    build,
    kinds: () => sent.map((one) => one.kind),
    restart: () => {
      box.notifier = build()
    },
    tell: async (...all: Observation[]) => {
      for (const one of all) {
        clock.s += 600
        await box.notifier.tell(one)
      }
    },
  }
}

describe('what is told', () => {
  it('successes are not; a problem once, its end once', async () => {
    const { tell, kinds, sent } = receiver()
    await tell(ok(1), ok(2), down(3), down(4), down(5), ok(6), ok(7))
    expect(kinds()).toEqual(['problem', 'recovered'])
    expect(sent.map((one) => one.round)).toEqual(['round-3', 'round-6'])
    expect(sent[0]).toMatchObject({ estate: 'shop', overall: 'BLOCKED', result: 'blocked', problems: ['BLOCKED db', 'BLOCKED web'], problem_count: 2 })
    expect(sent[0]?.text).toMatch(/^shop: problem: BLOCKED, cold start blocked.*BLOCKED db, BLOCKED web$/)
  })

  it('the same problem again after the cooldown, and not one second before', async () => {
    const { tell, kinds, clock } = receiver()
    await tell(down())
    clock.s += COOLDOWN - 600 - 1
    await tell(down())
    expect(kinds()).toEqual(['problem'])
    clock.s += 1 - 600
    await tell(down())
    expect(kinds()).toEqual(['problem', 'reminder'])
  })

  it('another problem is told at once; two that take turns are told once each', async () => {
    const { tell, kinds } = receiver()
    await tell(down(), other(), down(), other(), down())
    expect(kinds()).toEqual(['problem', 'changed'])
  })

  it('getting worse is told even where that was told before', async () => {
    const { tell, sent } = receiver()
    await tell(down(), degraded(), down(), down())
    expect(sent.map((one) => [one.kind, one.result])).toEqual([
      ['problem', 'blocked'],
      ['changed', 'degraded'],
      ['changed', 'blocked'],
    ])
  })

  it('a problem that comes back after its recovery was told is told: whoever reads must not believe in green', async () => {
    const { tell, kinds } = receiver()
    await tell(down(), ok(), down(), ok())
    expect(kinds()).toEqual(['problem', 'recovered', 'problem', 'recovered'])
  })

  it('a degraded cold start is a problem also where the overall result is called green', () => {
    expect([seen('FULL_STACK_GREEN', 'DEGRADED', []).isOk, seen('FULL_STACK_GREEN_DR_ESCROW_BLOCKED', 'GREEN', []).isOk]).toEqual([false, true])
  })

  it('a run without a round is a problem, by its code only', async () => {
    const { tell, sent } = receiver()
    await tell(failed(), failed())
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ kind: 'problem', error: 'ledger_full', result: 'check_failed', round: null })
    expect(JSON.stringify(sent)).not.toContain('/secret/place')
  })

  it('a restart forgets nothing', async () => {
    const { tell, kinds, restart } = receiver()
    await tell(down())
    restart()
    await tell(down())
    restart()
    await tell(ok())
    restart()
    await tell(ok())
    expect(kinds()).toEqual(['problem', 'recovered'])
  })

  it('a clock that is set back silences nothing', async () => {
    const { tell, kinds, clock } = receiver()
    await tell(down())
    clock.s -= 100_000
    await tell(down())
    expect(kinds()).toEqual(['problem', 'reminder'])
  })

  it.each(['{', '{"version":1,"since":"yesterday","told":{},"lastResult":null}', '[]'])(
    'a damaged state (%s) costs a message too many, never one too few',
    async (text) => {
      const { tell, kinds, stateFile, notes } = receiver()
      writeFileSync(stateFile, text)
      await tell(down(), ok())
      expect(kinds()).toEqual(['problem', 'recovered'])
      expect(notes[0]).toMatch(/^what was notified before is not known/)
    },
  )
})

describe('what is not delivered', () => {
  it('is tried again after each round, under the same id, until it is', async () => {
    let isUp = false
    const { tell, sent, notes, restart } = receiver(() => (isUp ? { isDelivered: true, status: 200 } : { isDelivered: false, reason: 'http 503' }))
    await tell(down())
    restart()
    await tell(down())
    isUp = true
    await tell(down(), down())
    expect(sent).toHaveLength(3)
    expect(new Set(sent.map((one) => one.id)).size).toBe(1)
    expect(notes).toEqual([
      'NOT notified: problem: http 503; tried again after the next round',
      expect.stringMatching(/^NOT notified/),
      expect.stringMatching(/^notified/),
    ])
  })

  it('a recovery too; and a problem that may have arrived gets its recovery', async () => {
    let fails = 2
    const { tell, kinds } = receiver(() => (fails-- > 0 ? { isDelivered: false, reason: 'no answer in time' } : { isDelivered: true, status: 200 }))
    await tell(down(), ok(), ok(), ok())
    expect(kinds()).toEqual(['problem', 'recovered', 'recovered'])
  })

  it('a dry run prints what it would send, sends nothing and remembers nothing', async () => {
    const { build, sent, notes, stateFile } = receiver()
    const dry = build(true)
    await dry.tell(down())
    await dry.tell(down())
    await dry.tell(ok())
    expect(notes.map((text) => JSON.parse(text.replace(/^would send: /, '')).kind)).toEqual(['problem', 'recovered'])
    expect([sent, existsSync(stateFile)]).toEqual([[], false])
  })
})

const TIMES = { timeoutMs: 300, pausesMs: [10, 10] }
const post = (url: string, times = TIMES): Promise<Delivery> => sendWebhook(parseWebhookUrl(url), { hello: 1 }, times, new AbortController().signal)

/** A real server that answers each request with the next of these. */
async function answers(...handlers: ((request: IncomingMessage, answer: ServerResponse) => void)[]) {
  const seen: string[] = []
  const server = await serveHttp((request, answer) => {
    request.on('data', (text: Buffer) => seen.push(`${request.method} ${request.headers['content-type']} ${text}`))
    request.on('end', () => handlers[Math.min(seen.length, handlers.length) - 1]?.(request, answer))
  })
  return { seen, port: server.port, url: `http://127.0.0.1:${server.port}/hook?token=s3cr3t-token` }
}

const status =
  (code: number, headers = {}) =>
  (_: IncomingMessage, answer: ServerResponse) =>
    void answer.writeHead(code, headers).end('s3cr3t-token')

describe('webhook', () => {
  it('posts JSON', async () => {
    const { seen, url } = await answers(status(204))
    expect(await post(url)).toEqual({ isDelivered: true, status: 204 })
    expect(seen).toEqual(['POST application/json {"hello":1}'])
  })

  it('5xx and 429 are tried again', async () => {
    const { seen, url } = await answers(status(503), status(429), status(200))
    expect([await post(url), seen.length]).toEqual([{ isDelivered: true, status: 200 }, 3])
  })

  it('and given up in the end', async () => {
    const { seen, url } = await answers(status(500))
    expect([await post(url), seen.length]).toEqual([{ isDelivered: false, reason: 'http 500' }, 3])
  })

  it('a refusal is not tried again', async () => {
    const { seen, url } = await answers(status(403))
    expect([await post(url), seen.length]).toEqual([{ isDelivered: false, reason: 'http 403' }, 1])
  })

  it('a redirect is not followed', async () => {
    const target = await answers(status(200))
    const { seen, url } = await answers(status(307, { location: target.url }))
    expect([await post(url), seen.length, target.seen]).toEqual([{ isDelivered: false, reason: 'http 307' }, 1, []])
  })

  it('a server that never answers', async () => {
    const { url } = await answers(() => undefined)
    expect(await post(url)).toEqual({ isDelivered: false, reason: 'no answer in time' })
  })

  it('a connection that is cut, and one that is refused', async () => {
    const { url } = await answers((request) => request.socket.destroy())
    const reasons = [await post(url), await post(`http://127.0.0.1:${await freePort()}/?token=s3cr3t-token`)]
    expect(reasons.map((one) => ('reason' in one ? one.reason : 'delivered'))).toEqual([expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/), 'ECONNREFUSED'])
  })

  it.each(['s3cr3t-token', 'ftp://s3cr3t-token/', 'https://user:s3cr3t-token@host/', ''])('%s is no address, and is not repeated', (text) => {
    expect(() => parseWebhookUrl(text)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.not.stringContaining('s3cr3t'), remedy: expect.not.stringContaining('s3cr3t') }),
    )
  })
})

describe('the program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'notify-program-'))
  const flag = join(folder, 'flag')
  const estate = `estate: shop\nversion: "1"\npolicy: sop@1.78\nhosts: [{ id: here, transport: local }]\ngates: [{ id: P0-FILE }]\nchecks: [{ id: flag, gate: P0-FILE, host: here, kind: file, path: ${flag} }]\n`
  writeFileSync(join(folder, 'estate.yaml'), estate)
  const monitor = ['monitor', '--estate', 'estate.yaml', '--textfile', 'm.prom', '--once']

  it('tells once over several processes, never the address, and its exit code is the round’s', async () => {
    const bodies = join(folder, 'bodies')
    const port = await freePort()
    const code = `require('http').createServer((q,a)=>{q.on('data',(t)=>require('fs').appendFileSync(${JSON.stringify(bodies)},t+'\\n'));q.on('end',()=>a.end())}).listen(${port},'127.0.0.1',()=>console.log('up'))`
    const env = { EVIDENCE_NOTIFY_URL: `http://127.0.0.1:${port}/s3cr3t-token` }
    const away = runEvidence(folder, monitor, { env })
    const server = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await once(server.stdout, 'data')
      // Round ids are of a second.
      const ran = [runEvidence(folder, monitor, { env })]
      await new Promise((done) => setTimeout(done, 1100))
      ran.push(runEvidence(folder, monitor, { env }))
      writeFileSync(flag, 'here')
      await new Promise((done) => setTimeout(done, 1100))
      ran.push(runEvidence(folder, monitor, { env }))
      const watched = runEvidence(folder, [
        'round',
        'run',
        '--estate',
        'estate.yaml',
        '--id',
        'watched',
        '--watch',
        '--max-attempts',
        '1',
        '--notify-url',
        env.EVIDENCE_NOTIFY_URL,
      ])
      expect([away.code, ...ran.map((one) => one.code), watched.code]).toEqual([1, 1, 1, 0, 0])
      const sent = readFileSync(bodies, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Notification)
      expect(sent.map((one) => one.kind)).toEqual(['problem', 'recovered'])
      expect(away.stderr).toBe('NOT notified: problem: ECONNREFUSED; tried again after the next round\n')
      const everything =
        [away, ...ran, watched].map((one) => one.stdout + one.stderr).join('') + readFileSync(bodies, 'utf8') + runEvidence(folder, ['ledger', 'export']).stdout
      expect(everything).not.toContain('s3cr3t')
    } finally {
      server.kill()
    }
  })

  it('bad usage: exit 2, without the value', () => {
    const ran = runEvidence(folder, [...monitor, '--notify-url', 'not-an-address-s3cr3t'])
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([2, '', expect.not.stringContaining('s3cr3t')])
    expect(runEvidence(folder, [...monitor, '--notify-cooldown', '5'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--notify-cooldown needs') })
  })

  it('a dry run says what it would send', () => {
    const ran = runEvidence(mkdtempSync(join(tmpdir(), 'dry-')), [
      'monitor',
      '--estate',
      join(folder, 'estate.yaml'),
      '--textfile',
      'm.prom',
      '--once',
      '--notify-dry-run',
    ])
    expect([ran.code, ran.stderr]).toEqual([0, ''])
  })
})
