import type { Ledger } from '../ledger/ledger.ts'
import { type LiveEvent, type LiveFeed, toLiveEvent } from './live-feed.ts'

export type LiveQuestion = {
  /** Only events of this round; null: all. */
  readonly roundId: string | null
  /** Go on behind this position; null: from now on. */
  readonly after: number | null
}

/** A comment every so often keeps proxies and clients from taking silence for the end. */
export const HEARTBEAT_MS = 15_000
const FRAMES_AT_ONCE = 100
/** Positions of what was read from the ledger that may come once more over the feed. */
const REMEMBERED = 20_000

/**
 * Frames of server-sent events for one reader, as it takes them: first what it missed, from the ledger, then what comes,
 * from the feed. Nothing is left out; around the change from one to the other an event may come twice where positions do not follow
 * arrival (Kafka), and its id says so. A reader that falls behind what the feed keeps is given the ledger again. Ends when
 * the signal aborts; throws what the ledger throws.
 */
export async function* liveFrames(feed: LiveFeed, ledger: Pick<Ledger, 'readAll'>, question: LiveQuestion, signal: AbortSignal): AsyncIterable<string> {
  const isWanted = ({ roundId }: LiveEvent): boolean => question.roundId === null || roundId === question.roundId
  let { seq, position: last } = await feed.join()
  let missedFrom = question.after
  let toldAt = Date.now()
  const seen = new Set<number>()
  yield 'retry: 2000\n\n'
  while (!signal.aborted) {
    if (missedFrom !== null) {
      for await (const page of ledger.readAll(missedFrom)) {
        for (let n = 0; n < page.length; n += FRAMES_AT_ONCE) {
          const events = page.slice(n, n + FRAMES_AT_ONCE).map((stored) => toLiveEvent(stored))
          for (const { position } of events) remember(seen, position)
          last = events.at(-1)?.position ?? last
          const frames = framesOf(events.filter(isWanted))
          if (frames !== '') yield frames
          if (signal.aborted) return
        }
      }
      missedFrom = null
    }
    const events = feed.after(seq)
    if (events === null) {
      // Too far behind: what is missing is read from the ledger, and the feed goes on from here.
      missedFrom = last
      seq = (await feed.join()).seq
      continue
    }
    seq = events.at(-1)?.seq ?? seq
    last = events.at(-1)?.position ?? last
    const fresh = events.filter((event) => !seen.delete(event.position) && isWanted(event))
    for (let n = 0; n < fresh.length; n += FRAMES_AT_ONCE) yield framesOf(fresh.slice(n, n + FRAMES_AT_ONCE))
    if (fresh.length > 0) toldAt = Date.now()
    if (events.length === 0) await waitForChange(feed, signal)
    if (Date.now() - toldAt < HEARTBEAT_MS || signal.aborted) continue
    yield ': heartbeat\n\n'
    toldAt = Date.now()
  }
}

function framesOf(events: readonly LiveEvent[]): string {
  return events.map(({ frame }) => frame).join('')
}

function remember(seen: Set<number>, position: number): void {
  seen.add(position)
  if (seen.size > REMEMBERED) seen.delete(seen.keys().next().value ?? 0)
}

/** Waits until something came, or for the time of a heartbeat. */
async function waitForChange(feed: LiveFeed, signal: AbortSignal): Promise<void> {
  const quiet = new AbortController()
  const timer = setTimeout(() => quiet.abort(), HEARTBEAT_MS)
  try {
    await feed.changed(AbortSignal.any([signal, quiet.signal]))
  } finally {
    clearTimeout(timer)
  }
}
