import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createKafka, toKafkaError } from '../../ledger/kafka/kafka-client.ts'
import { parseKafkaSettings } from '../../ledger/kafka/kafka-settings.ts'

const BROKERS = { brokers: ['kafka-1.example:9092'] }
const SASL = { mechanism: 'scram-sha-512', username: 'evidence', password_file: '/nowhere/password' }

function messageOf(value: unknown): string {
  try {
    parseKafkaSettings(value)
    return 'taken'
  } catch (error) {
    expect(error).toMatchObject({ code: 'usage' })
    return error instanceof Error ? error.message : ''
  }
}

describe('Kafka settings', () => {
  it('have a default for everything but the brokers', () => {
    expect(parseKafkaSettings(BROKERS)).toMatchObject({
      events_topic: 'evidence.events.v1',
      rejected_topic: 'evidence.rejected.v1',
      compression: 'zstd',
      tls: null,
      sasl: null,
      topic: { partitions: 6, replication_factor: 1, min_insync_replicas: 1 },
    })
  })

  it.each([
    [{}, 'brokers'],
    [{ brokers: ['no port'] }, 'brokers.0'],
    [{ ...BROKERS, tsl: {} }, 'tsl'],
    [{ ...BROKERS, sasl: { ...SASL, password: 'hunter2' } }, 'password'],
    [{ ...BROKERS, tls: { reject_unauthorized: false } }, 'reject_unauthorized'],
    [{ ...BROKERS, topic: { replication_factor: 1, min_insync_replicas: 2 } }, 'min_insync_replicas'],
    [{ ...BROKERS, sasl: { ...SASL, mechanism: 'plain' } }, 'needs tls'],
  ])('refuses %j', (value, named) => {
    const message = messageOf(value)
    expect(message).toContain(named)
    expect(message).not.toContain('hunter2')
  })

  it('reads secrets from files only, and says which file where it cannot', () => {
    expect(() => createKafka(parseKafkaSettings({ ...BROKERS, sasl: SASL }))).toThrow('/nowhere/password')
    const folder = mkdtempSync(join(tmpdir(), 'kafka-settings-'))
    const password_file = join(folder, 'password')
    writeFileSync(password_file, '\n')
    expect(() => createKafka(parseKafkaSettings({ ...BROKERS, sasl: { ...SASL, password_file } }))).toThrow('no password')
  })

  it('errors of kafkajs become ours, with the innermost message', () => {
    const inner = Object.assign(new Error('The request included a message larger'), { type: 'MESSAGE_TOO_LARGE' })
    expect(toKafkaError(new Error('outer', { cause: inner }), 'writing')).toMatchObject({ code: 'event_too_large' })
    expect(toKafkaError(new Error('outer', { cause: new Error('inner') }), 'writing')).toMatchObject({
      code: 'ledger_unavailable',
      message: 'Kafka: writing failed: inner',
    })
  })
})
