import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import type { SourceMessage } from '../../ledger/event-source.ts'
import { createKafkaEventSource } from '../../ledger/kafka/kafka-event-source.ts'
import { readRelayTargets } from '../../ledger/relay-state.ts'
import { encodeEvent } from '../../schemas/event.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeGuardEvaluated, makeTcpObserved } from '../support/make-events.ts'
import { createRelayFixture, makeRounds, readTopicTexts, textsOf } from '../support/relay-fixture.ts'

const kafka = await startKafka()
afterAll(async () => await kafka?.stop())

const PROGRAM = join(import.meta.dirname, '../../cli/evidence.js')
const run = promisify(execFile)
const hasKcat = spawnSync('kcat', ['-V']).status === 0
if (!hasKcat) console.log('KCAT ABSENT: no kcat on the PATH (Debian: apt-get install kcat)')

describe.skipIf(kafka === null)('relay: the program', () => {
  it('evidence relay --follow, killed with SIGKILL fifteen times: everything arrives', async () => {
    const settings = testKafkaSettings(kafka?.brokers ?? [], 'process')
    const events = makeRounds('process', 150, 60)
    const fixture = await createRelayFixture(settings, events.slice(0, 6200))
    const config = join(fixture.path, '..', 'kafka.json')
    writeFileSync(config, JSON.stringify({ brokers: settings.brokers, events_topic: settings.events_topic, rejected_topic: settings.rejected_topic }))
    const start = () => spawn(process.execPath, [PROGRAM, 'relay', '--follow', '--kafka-config', config, '--ledger', fixture.path], { stdio: 'ignore' })
    for (let kill = 0; kill < 15; kill++) {
      const child = start()
      const ended = new Promise((resolve) => child.once('exit', resolve))
      await sleep(350 + 45 * kill)
      child.kill('SIGKILL')
      await ended
      if (kill < 10) await fixture.ledger.append(events.slice(6200 + 310 * kill, 6200 + 310 * (kill + 1)))
    }
    const last = start()
    const ended = new Promise((resolve) => last.once('exit', resolve))
    // What only the last one can have sent: by then it listens to signals.
    await fixture.ledger.append([makeGuardEvaluated('process-001', 900)])
    const { lastPosition } = await fixture.ledger.stats()
    expect(lastPosition).toBe(events.length + 1)
    await expect.poll(() => readRelayTargets({ path: fixture.path, mode: 'readonly' })[0]?.position, { timeout: 60_000 }).toBe(lastPosition)
    last.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(new Set(await readTopicTexts(settings))).toEqual(new Set(textsOf([...events, makeGuardEvaluated('process-001', 900)])))
    const { stdout } = await run(process.execPath, [PROGRAM, 'ledger', 'stats', '--ledger', fixture.path])
    expect(stdout).toContain(`/${settings.events_topic}: position ${lastPosition}, lag 0`)
    const { stdout: proof } = await run(process.execPath, [PROGRAM, 'ledger', 'verify', '--ledger', fixture.path])
    expect(proof).toContain('LEDGER_VERIFY_OK')
    await fixture.dispose()
  }, 180_000)

  it('says 3 where no broker answers and 2 where none is named; the ledger is not touched', async () => {
    const fixture = await createRelayFixture(testKafkaSettings(['127.0.0.1:1'], 'none'), makeRounds('none', 1, 3))
    const env = { PATH: process.env.PATH ?? '' }
    const exitOf = (...args: string[]) => spawnSync(process.execPath, [PROGRAM, 'relay', '--ledger', fixture.path, ...args], { env, encoding: 'utf8' })
    expect(exitOf('--brokers', '127.0.0.1:1')).toMatchObject({ status: 3, stderr: expect.stringContaining('ledger_unavailable') })
    expect(exitOf()).toMatchObject({ status: 2, stderr: expect.stringContaining('no Kafka brokers') })
    expect(exitOf('--brokers', 'nonsense')).toMatchObject({ status: 2 })
    expect((await fixture.ledger.stats()).events).toBe(5)
    await fixture.dispose()
  })

  it.skipIf(!hasKcat)('kcat reads an event with its headers, and what it writes is taken', async () => {
    const settings = testKafkaSettings(kafka?.brokers ?? [], 'kcat')
    const events = makeRounds('kcat', 1, 5)
    const fixture = await createRelayFixture(settings, events)
    await fixture.relay()
    const common = ['-b', settings.brokers.join(','), '-t', settings.events_topic]
    const { stdout } = await run('kcat', [...common, '-C', '-e', '-q', '-f', '%k\t%h\t%s\n'])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
    expect(rows.map(([, , text]) => text)).toEqual(textsOf(events))
    expect(rows.map(([key]) => key)).toEqual(events.map(() => 'kcat-001'))
    expect(rows[1]?.[1]).toContain(
      `content-type=application/cloudevents+json; charset=UTF-8,ce_specversion=1.0,ce_id=${events[1]?.id},ce_type=evidence.tcp.observed.v1`,
    )
    const foreign = makeTcpObserved('kcat-002', 1, 'check-0001')
    const file = join(fixture.path, '..', 'event.json')
    writeFileSync(file, foreign.bytes)
    await run('kcat', [...common, '-P', '-k', 'kcat-002', '-H', `ce_id=${foreign.id}`, '-H', 'content-type=application/cloudevents+json; charset=UTF-8', file])
    const source = createKafkaEventSource(settings)
    const got: SourceMessage[] = []
    await source.run({
      async onBatch({ messages }) {
        got.push(...messages)
        if (got.length === events.length + 1) void source.stop()
      },
    })
    const message = got.find(({ key }) => key === 'kcat-002')
    expect(message?.headers.ce_id).toBe(foreign.id)
    expect(encodeEvent(JSON.parse(Buffer.from(message?.value ?? []).toString('utf8'))).id).toBe(foreign.id)
    await fixture.dispose()
  })

  it.skipIf(!hasKcat)('a ledger that was lost comes back from its backup and, what is newer, from the topic', async () => {
    const settings = testKafkaSettings(kafka?.brokers ?? [], 'restore')
    const events = makeRounds('restore', 12, 20)
    const folder = mkdtempSync(join(tmpdir(), 'evidence-restore-'))
    const [config, restored, dump] = ['kafka.json', 'restored.db', 'events.ndjson'].map((name) => join(folder, name)) as [string, string, string]
    writeFileSync(config, JSON.stringify({ brokers: settings.brokers, events_topic: settings.events_topic, rejected_topic: settings.rejected_topic }))
    const fixture = await createRelayFixture(settings, events.slice(0, 176))
    await fixture.relay()
    // SQLite's own backup, as of `sqlite3 evidence.db ".backup …"`, while a round is appended.
    const source = new DatabaseSync(fixture.path)
    await Promise.all([backup(source, restored), fixture.ledger.append(events.slice(176, 198))])
    source.close()
    await fixture.ledger.append([...events.slice(198), makeGuardEvaluated('restore-003', 900)])
    await fixture.relay()
    await fixture.dispose()
    const evidence = async (...args: string[]) => (await run(process.execPath, [PROGRAM, ...args, '--ledger', restored])).stdout
    expect(await evidence('ledger', 'verify')).toMatch(/^LEDGER_VERIFY_OK events=(176|198) /)
    const { stdout } = await run('kcat', ['-b', settings.brokers.join(','), '-t', settings.events_topic, '-C', '-e', '-q'], { maxBuffer: 1 << 26 })
    writeFileSync(dump, stdout)
    await evidence('round', 'import', dump)
    expect(await evidence('ledger', 'verify')).toMatch(/^LEDGER_VERIFY_OK events=265 rounds=12 sealed=12 unsealed=0 /)
    expect((await evidence('ledger', 'export', '--round', 'restore-012')).trimEnd().split('\n')).toEqual(textsOf(events.slice(-22)))
    // From the restored ledger: doubles at most, and nothing that the topic has not.
    await evidence('relay', '--kafka-config', config)
    expect(await evidence('relay', '--kafka-config', config, '--verify', '--json')).toMatch(/"resent_rounds":\s*0/)
    expect(new Set(await readTopicTexts(settings))).toEqual(new Set(textsOf([...events, makeGuardEvaluated('restore-003', 900)])))
    rmSync(folder, { recursive: true })
  })
})
