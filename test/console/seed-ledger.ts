import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { makeCheckFailed, makeEvent, makeOpened, makeSealed, makeTcpObserved } from '../support/make-events.ts'

/** Markup and script in every text that evidence may carry. Where the page took it for markup, `window.wasHacked` would be set. */
export const HOSTILE = `<img src=x onerror="window.wasHacked=1"><script>window.wasHacked=1</script>{{count}} javascript:alert(1)`
export const SEEDED = { hostile: 'seeded-hostile', tampered: 'seeded-tampered', open: 'seeded-open', green: 'seeded-green' } as const
const DAY_MS = 86_400_000

/** Rounds of every kind that the recorded ones are not: verified green, open, not what was sealed, and with hostile text in them. */
export async function seedSpecialRounds(path: string): Promise<void> {
  const ledger = openSqliteLedger({ path, mode: 'create' })
  try {
    await ledger.append(sealed(SEEDED.green, DAY_MS, (id, n) => [makeTcpObserved(id, n, 'check-a')]))
    await ledger.append(sealed(SEEDED.hostile, 2 * DAY_MS, (id, n) => [hostileFailure(id, n)]))
    const open = [makeOpened(SEEDED.open, 3 * DAY_MS, ['check-a', 'check-b']), makeTcpObserved(SEEDED.open, 3 * DAY_MS + 1, 'check-a')]
    await ledger.append(open)
    const start = 4 * DAY_MS
    const [opened, seen] = [makeOpened(SEEDED.tampered, start, ['check-a']), makeTcpObserved(SEEDED.tampered, start + 1, 'check-a')]
    // Sealed over less than there is: evidence was put in afterwards.
    await ledger.append([opened, seen, makeSealed(SEEDED.tampered, start + 2, [opened])])
  } finally {
    await ledger.close()
  }
}

/** `count` small verified rounds, a minute apart; every seventh is blocked. */
export async function seedManyRounds(path: string, count: number): Promise<void> {
  const ledger = openSqliteLedger({ path, mode: 'create' })
  try {
    for (let first = 0; first < count; first += 250) {
      const some = Array.from({ length: Math.min(250, count - first) }, (_, i) => first + i)
      await ledger.append(
        some.flatMap((n) =>
          sealed(`many-${String(n).padStart(5, '0')}`, n * 60_000, (id, at) => [
            n % 7 === 0 ? makeCheckFailed(id, at, 'check-a') : makeTcpObserved(id, at, 'check-a'),
          ]),
        ),
      )
    }
  } finally {
    await ledger.close()
  }
}

function sealed(id: string, start: number, evidence: (id: string, at: number) => EncodedEvent[]): EncodedEvent[] {
  const rooted = [makeOpened(id, start, ['check-a']), ...evidence(id, start + 1)]
  return [...rooted, makeSealed(id, start + 2, rooted)]
}

function hostileFailure(id: string, n: number): EncodedEvent {
  const plain = JSON.parse(Buffer.from(makeCheckFailed(id, n, 'check-a').bytes).toString('utf8')) as { data: Record<string, unknown> }
  return makeEvent(id, n, 'evidence.check.failed.v1', { ...plain.data, target: HOSTILE, detail: HOSTILE, stage: '<b>stage</b>' }, 'check-a')
}
