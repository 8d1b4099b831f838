import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRanges, readRangesOf } from '../../ledger/kafka/kafka-reader.ts'
import { connectRelayTopic } from '../../ledger/kafka/kafka-relay-topic.ts'
import type { KafkaSettings } from '../../ledger/kafka/kafka-settings.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { type RelayOptions, type RelayResult, runRelay } from '../../ledger/relay.ts'
import { openRelayState, type RelayState } from '../../ledger/relay-state.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { makeRound } from './make-events.ts'

/** A ledger file in a folder of its own, and a relay between it and the settings' topic. */
export type RelayFixture = {
  path: string
  ledger: Ledger
  state: RelayState
  notes: string[]
  relay: (options?: Partial<RelayOptions>) => Promise<RelayResult>
  dispose: () => Promise<void>
}

export async function createRelayFixture(settings: KafkaSettings, events: readonly EncodedEvent[]): Promise<RelayFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-relay-'))
  const path = join(folder, 'evidence.db')
  const ledger = openSqliteLedger({ path, mode: 'create' })
  await ledger.append(events)
  const state = openRelayState(path)
  const notes: string[] = []
  return {
    path,
    ledger,
    state,
    notes,
    relay: (options = {}) =>
      runRelay({
        ledger,
        state,
        connect: () => connectRelayTopic(settings),
        follow: false,
        verify: false,
        signal: new AbortController().signal,
        note: (line) => void notes.push(line),
        ...options,
      }),
    async dispose() {
      state.close()
      await ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** `count` sealed rounds of `checks` checks each. */
export function makeRounds(name: string, count: number, checks: number): EncodedEvent[] {
  return Array.from({ length: count }, (_, i) => makeRound(`${name}-${String(i + 1).padStart(3, '0')}`, checks)).flat()
}

/**
 * Every message of the events topic as text, partition by partition. A broker that was just started refuses readers for
 * a while (coordinator loading), so a whole read is tried again.
 */
export async function readTopicTexts(settings: KafkaSettings): Promise<string[]> {
  for (let tries = 1; ; tries++) {
    const texts: string[] = []
    try {
      await readRangesOf(settings, settings.events_topic, await readRanges(settings, settings.events_topic), async ({ messages }) => {
        for (const { value } of messages) texts.push(Buffer.from(value ?? []).toString('utf8'))
      })
      return texts
    } catch (error) {
      if (tries === 20) throw error
      await sleep(1000)
    }
  }
}

export function textsOf(events: readonly EncodedEvent[]): string[] {
  return events.map(({ bytes }) => Buffer.from(bytes).toString('utf8'))
}
