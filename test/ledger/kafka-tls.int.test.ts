import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { toEventMessage } from '../../ledger/event-message.ts'
import type { KafkaSettings } from '../../ledger/kafka/kafka-settings.ts'
import { createKafkaSink } from '../../ledger/kafka/kafka-sink.ts'
import { ensureTopics } from '../../ledger/kafka/kafka-topics.ts'
import { createTestCa } from '../support/certificates.ts'
import { startKafkaProcesses } from '../support/kafka-process.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeRound } from '../support/make-events.ts'
import { readTopicTexts, textsOf } from '../support/relay-fixture.ts'

const PASSWORD = crypto.randomUUID()
const ca = createTestCa()
const { key, cert } = ca.issue('127.0.0.1', '20200101000000Z', '20400101000000Z')
writeFileSync(join(ca.dir, 'server.pem'), `${key}\n${cert}`)
const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="evidence" password="${PASSWORD}" user_evidence="${PASSWORD}";`
const nodes = await startKafkaProcesses(1, {
  protocol: 'SASL_SSL',
  properties: [
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${join(ca.dir, 'server.pem')}`,
    'ssl.truststore.type=PEM',
    `ssl.truststore.location=${join(ca.dir, 'ca.pem')}`,
    'sasl.enabled.mechanisms=PLAIN',
    'sasl.mechanism.inter.broker.protocol=PLAIN',
    `listener.name.clients.plain.sasl.jaas.config=${login}`,
  ],
}).catch((error: Error) => console.log(`KAFKA ABSENT: a broker with TLS: ${error.message}`))

afterAll(async () => {
  await nodes?.[0]?.dispose()
  ca.remove()
})

function withPassword(password: string): KafkaSettings {
  const password_file = join(ca.dir, 'password')
  writeFileSync(password_file, `${password}\n`)
  return {
    ...testKafkaSettings([nodes?.[0]?.address ?? '127.0.0.1:1'], 'tls'),
    tls: { ca_file: join(ca.dir, 'ca.pem'), cert_file: null, key_file: null },
    sasl: { mechanism: 'plain', username: 'evidence', password_file },
  }
}

describe.skipIf(!nodes)('Kafka with TLS and SASL', () => {
  it('writes and reads with the right authority and password', async () => {
    const settings = withPassword(PASSWORD)
    await ensureTopics(settings)
    const sink = createKafkaSink(settings, settings.events_topic)
    const events = makeRound('tls-round', 5)
    await sink.send(events.map(toEventMessage))
    await sink.close()
    expect(await readTopicTexts(settings)).toEqual(textsOf(events))
  })

  it.each([
    ['a wrong password', () => withPassword('wrong')],
    ['an authority that did not sign the broker', () => ({ ...withPassword(PASSWORD), tls: { ca_file: null, cert_file: null, key_file: null } })],
    ['no TLS', () => ({ ...withPassword(PASSWORD), tls: null, connection_timeout_ms: 1000, request_timeout_ms: 1000 })],
  ])('does not talk with %s, and shows no secret', async (_, settingsOf) => {
    const failure = await ensureTopics(settingsOf()).catch((error: Error & { code?: string }) => error)
    expect(failure).toMatchObject({ code: 'ledger_unavailable' })
    expect(String(failure)).not.toContain(PASSWORD)
  })
})
