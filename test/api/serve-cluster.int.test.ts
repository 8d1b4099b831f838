import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { KafkaSettings } from '../../ledger/kafka/kafka-settings.ts'
import { NODE, PROGRAM, plainEnvironment, runEvidence } from '../cli/run-program.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeRound } from '../support/make-events.ts'
import { openSse, type SseEvent } from '../support/sse-reader.ts'

vi.setConfig({ testTimeout: 600_000 })
const kafka = await startKafka()
afterAll(async () => await kafka?.stop())

const ROUND = makeRound('over-kafka', 3)
const VALUES = ROUND.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')) as { id: string })

async function startService(cwd: string, args: readonly string[]) {
  const child = spawn(NODE, [PROGRAM, 'serve', '--port', '0', ...args], { cwd, env: plainEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const ended = once(child, 'exit')
  await vi.waitFor(() => expect(stderr).toContain('\nserving '), { timeout: 120_000, interval: 100 })
  const url = /^serving \S+ at (https?:\S+), authentication /m.exec(stderr)?.[1] ?? ''
  return {
    url,
    log: () => stderr,
    async stop(): Promise<unknown> {
      child.kill('SIGTERM')
      return (await ended)[0]
    },
  }
}

/** As a browser does: who is cut (a coordinator that is still loading ends the feed) comes again. The log says why. */
async function readLive(url: string, log: () => string): Promise<readonly SseEvent[]> {
  for (let attempt = 1; ; attempt++) {
    const live = await openSse(`${url}&after=0`)
    try {
      return await live.until((events) => events.length === VALUES.length)
    } catch (error) {
      if (attempt === 3) throw new Error(`${(error as Error).message}\n${live.text()}\n${log()}`)
    } finally {
      live.close()
    }
  }
}

function writeConfigs(folder: string, settings: KafkaSettings): void {
  writeFileSync(path.join(folder, 'kafka.json'), JSON.stringify(settings))
  const serve = { clickhouse: `chdb:${path.join(folder, 'chdb')}`, kafka_config: path.join(folder, 'kafka.json') }
  writeFileSync(path.join(folder, 'serve.json'), JSON.stringify(serve))
}

/** The in-process ClickHouse is one process at a time, so service and projector take turns. */
describe.skipIf(kafka === null)('evidence serve on Kafka and ClickHouse', () => {
  it('appends to the topic, shows it live, and answers from what the projector made of it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'evidence-cluster-'))
    writeConfigs(folder, testKafkaSettings(kafka?.brokers ?? [], 'serve'))

    const first = await startService(folder, ['--config', 'serve.json'])
    const headers = { 'content-type': 'application/cloudevents-batch+json' }
    const sent = await fetch(`${first.url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(VALUES) })
    expect([sent.status, await sent.json()]).toMatchObject([201, { appended: VALUES.length, duplicates: 0 }])
    const seen = await readLive(`${first.url}/v1/events/live?round=over-kafka`, first.log)
    expect(seen.map((event) => (event.data as { id: string }).id)).toEqual(VALUES.map(({ id }) => id))
    // No projector ever ran: there are no tables to ask, and that is not an empty answer.
    expect((await fetch(`${first.url}/v1/rounds`)).status).toBe(503)
    const ready = await fetch(`${first.url}/health/ready`)
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, checks: { ledger: 'ok', history: 'failed', audit: 'ok' } }])
    expect(await first.stop()).toBe(0)

    const rebuilt = runEvidence(folder, ['project', '--kafka-config', 'kafka.json', '--clickhouse', `chdb:${path.join(folder, 'chdb')}`, '--rebuild', 'topic'])
    expect(rebuilt).toMatchObject({ code: 0, stdout: expect.stringContaining('rebuilt 1 rounds, 1 final') })

    const second = await startService(folder, ['--config', 'serve.json'])
    expect((await fetch(`${second.url}/health/ready`)).status).toBe(200)
    expect(await (await fetch(`${second.url}/v1/rounds`)).json()).toMatchObject({ rows: [{ artifact_id: 'over-kafka', integrity: 'verified' }], next: null })
    expect((await fetch(`${second.url}/v1/rounds/over-kafka/summary.txt`)).status).toBe(200)
    expect(await second.stop()).toBe(0)
  })
})

it('says that brokers are away, and ends', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'evidence-cluster-'))
  writeConfigs(folder, { ...testKafkaSettings(['127.0.0.1:1'], 'away'), connection_timeout_ms: 200, request_timeout_ms: 500 })
  const ran = runEvidence(folder, ['serve', '--config', 'serve.json', '--port', '0'])
  expect([ran.code, ran.stderr]).toEqual([3, expect.stringContaining('evidence: ledger_unavailable: ')])
})
