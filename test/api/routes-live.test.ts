import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import type { ApiPorts } from '../../api/ports.ts'
import { withoutStalling } from '../../api/without-stalling.ts'
import { listenApi } from '../support/api-harness.ts'
import { makeRound } from '../support/make-events.ts'
import { openSse } from '../support/sse-reader.ts'

const A = makeRound('live-a', 3)
const B = makeRound('live-b', 3)
const ids = (events: readonly { id: string }[]): number[] => events.map(({ id }) => Number(id))
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

describe('live events', () => {
  it('come as they are appended, with position, type, round and the event itself', async () => {
    const { url, ports } = await listenApi({ rounds: [] })
    const reader = await openSse(`${url}/v1/events/live`, { 'accept-encoding': 'gzip, br' })
    expect([reader.status, reader.headers['content-type'], reader.headers['cache-control'], reader.headers['content-encoding']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no-store',
      undefined,
    ])
    await ports.ledger.append(A)
    const [first] = await reader.until((events) => events.length === A.length)
    const opened = JSON.parse(Buffer.from(A[0]?.bytes ?? []).toString('utf8')) as { id: string; time: string }
    expect(first).toEqual({
      id: '1',
      event: 'event',
      data: { position: 1, id: opened.id, type: 'round.opened.v1', round_id: 'live-a', check_id: null, time: opened.time, event: opened },
    })
    expect(ids(reader.events)).toEqual(upTo(A.length))
    reader.close()
  })

  it('of one round only; from a position on; resumed where the connection broke', async () => {
    const { url, ports } = await listenApi({ rounds: [] })
    await ports.ledger.append(A)
    const ofB = await openSse(`${url}/v1/events/live?round=live-b&after=0`)
    const behind = await openSse(`${url}/v1/events/live?after=2`)
    await behind.until((events) => events.length === A.length - 2)
    behind.close()
    await ports.ledger.append(B)
    const resumed = await openSse(`${url}/v1/events/live?after=0`, { 'last-event-id': String(ids(behind.events).at(-1)) })
    await resumed.until((events) => events.length === B.length)
    expect([...ids(behind.events), ...ids(resumed.events)]).toEqual(upTo(A.length + B.length).slice(2))
    await ofB.until((events) => events.length === B.length)
    expect(new Set(ofB.events.map(({ data }) => data.round_id))).toEqual(new Set(['live-b']))
    for (const one of [ofB, resumed]) one.close()
  })

  it('miss nothing while events are appended during the resume', async () => {
    const { url, ports } = await listenApi({ rounds: [] })
    const rounds = Array.from({ length: 60 }, (_, n) => makeRound(`flood-${n}`, 20))
    const total = 60 * 22
    const readers = []
    for (const [n, round] of rounds.entries()) {
      await ports.ledger.append(round)
      if (n % 10 === 5) readers.push(await openSse(`${url}/v1/events/live?after=0`))
    }
    for (const reader of readers) {
      await reader.until((events) => events.length >= total)
      expect(ids(reader.events)).toEqual(upTo(total))
      reader.close()
    }
  })

  it('of 200 readers come from one loop over the ledger, and each gets everything', { timeout: 60_000 }, async () => {
    let follows = 0
    let reads = 0
    const counting = (ports: ApiPorts): ApiPorts => {
      const { ledger } = ports
      const counted: ApiPorts['ledger'] = {
        append: (events) => ledger.append(events),
        readRound: (id) => ledger.readRound(id),
        readReviews: () => ledger.readReviews(),
        roundIds: () => ledger.roundIds(),
        stats: () => ledger.stats(),
        close: () => ledger.close(),
        readAll: (after) => {
          reads++
          return ledger.readAll(after)
        },
        follow: (after, signal) => {
          follows++
          return ledger.follow(after, signal)
        },
      }
      return { ...ports, ledger: counted, rounds: counted }
    }
    const { url, ports } = await listenApi({ rounds: [], change: counting })
    const readers = await Promise.all(Array.from({ length: 200 }, () => openSse(`${url}/v1/events/live`)))
    await ports.ledger.append(A)
    await ports.ledger.append(B)
    for (const reader of readers) await reader.until((events) => events.length === A.length + B.length)
    expect(readers.every((reader) => String(ids(reader.events)) === String(upTo(A.length + B.length)))).toBe(true)
    expect([follows, reads]).toEqual([1, 0])
    for (const reader of readers) reader.close()
  })

  it('end when the ledger cannot be followed, and nothing is missing for who resumes or comes anew', async () => {
    let follows = 0
    const failing = (ports: ApiPorts): ApiPorts => {
      const { ledger } = ports
      async function* follow(after: number, signal: AbortSignal) {
        const isFirst = follows++ === 0
        for await (const page of ledger.follow(after, signal)) {
          yield page
          if (isFirst) throw new Error('disk')
        }
      }
      return { ...ports, ledger: new Proxy(ledger, { get: (target, name) => (name === 'follow' ? follow : Reflect.get(target, name).bind(target)) }) }
    }
    const { url, ports, logText } = await listenApi({ rounds: [], change: failing })
    const reader = await openSse(`${url}/v1/events/live`)
    await ports.ledger.append(A)
    await reader.ended
    await ports.ledger.append(B)
    const resumed = await openSse(`${url}/v1/events/live`, { 'last-event-id': String(ids(reader.events).at(-1) ?? 0) })
    await resumed.until((events) => events.length >= A.length + B.length - reader.events.length)
    expect([...ids(reader.events), ...ids(resumed.events)]).toEqual(upTo(A.length + B.length))
    expect(logText()).toContain('the ledger cannot be followed')
    resumed.close()
  })

  it('end when the service stops, and a place is free again when a reader goes', async () => {
    const { app, url, ports } = await listenApi({ rounds: [], config: { max_live_readers: 2 } })
    const [a, b] = [await openSse(`${url}/v1/events/live`), await openSse(`${url}/v1/events/live`)]
    expect((await openSse(`${url}/v1/events/live`)).status).toBe(503)
    a.close()
    await expect.poll(async () => (await openSse(`${url}/v1/events/live`)).status).toBe(200)
    await ports.ledger.append(A)
    await b.until((events) => events.length === A.length)
    const closing = app.close()
    await b.ended
    await closing
  })

  it('are held back for a reader that takes nothing, without holding up the others', { timeout: 60_000 }, async () => {
    const { url, ports } = await listenApi({ rounds: [] })
    const [slow, quick] = [await openSse(`${url}/v1/events/live`), await openSse(`${url}/v1/events/live`)]
    slow.stall()
    const rounds = Array.from({ length: 20 }, (_, n) => makeRound(`large-${n}`, 400))
    for (const round of rounds) await ports.ledger.append(round)
    const total = 20 * 402
    await quick.until((events) => events.length === total)
    expect(ids(quick.events)).toEqual(upTo(total))
    quick.close()
    // By now the feed has dropped what it kept for readers a little behind; the ledger has it all.
    slow.flow()
    await slow.until((events) => events.length === total)
    expect(ids(slow.events)).toEqual(upTo(total))
    slow.close()
  })
})

describe('a reader that takes nothing', () => {
  const frames = async function* (waitMs: number): AsyncIterable<string> {
    yield 'one'
    await sleep(waitMs)
    yield 'two'
  }
  it('is told of once what was given is not taken', async () => {
    const onStall = vi.fn()
    const iterator = withoutStalling(frames(0), onStall, 60)[Symbol.asyncIterator]()
    await iterator.next()
    await sleep(200)
    expect(onStall).toHaveBeenCalled()
  })
  it('is no reader that is waiting for something to take', async () => {
    const onStall = vi.fn()
    for await (const _ of withoutStalling(frames(200), onStall, 60)) await sleep(1)
    expect(onStall).not.toHaveBeenCalled()
  })
})
