import type { Ledger } from '../../ledger/ledger.ts'
import { type AccessRefusal, dataSchemaUri, type EventData, encodeEvent } from '../../schemas/event.ts'
import { toAsked } from './asked.ts'
import type { Principal } from './principal.ts'

/** Subject of every event of an audit trail. Nothing is ever opened under it, so it is no round. */
export const AUDIT_SUBJECT = 'access-audit'

/** One request, as the audit trail tells of it. `route` is the template; `address` as the connection or a trusted proxy says. */
export type Asked = { readonly method: string; readonly route: string; readonly principal: Principal; readonly address: string }
export type Refusal = Asked & { readonly status: number; readonly reason: AccessRefusal }
export type PacketRead = Asked & { readonly roundId: string; readonly requestId: string }

/**
 * The append-only record of who was refused and who read packets, in a ledger of its own.
 *
 * - `packetRead` is durable when it resolves, and throws where it is not: give nothing away then.
 * - `refused` never throws and never delays the refusal. The first of a kind (status, reason, method, route, principal,
 *   address) is written at once; those that follow in the same minute become one event with their count, written within
 *   a minute and at `close`. `kill -9` loses such a count, never the first.
 * - Kinds are limited to `MAX_KINDS` a minute; all that come after are counted together as address `many`. So strangers
 *   can make it grow by 200 events a minute at most, about 140 MB a day.
 * - `isFailing`: the last attempt to write failed. What could not be written is kept and tried again.
 */
export interface AuditTrail {
  refused(refusal: Refusal): void
  packetRead(read: PacketRead): Promise<void>
  readonly isFailing: boolean
  /** Writes what was counted so far. Does not throw. */
  flush(): Promise<void>
  /** Flushes, then closes the ledger under it. */
  close(): Promise<void>
}

export const MAX_KINDS = 100
const FLUSH_MS = 60_000

export type AuditOptions = {
  readonly ledger: Ledger
  readonly source: string
  readonly now: () => Date
  readonly newId: () => string
  readonly onEvent: (type: 'access.refused.v1' | 'access.packet_read.v1') => void
  readonly onFailure: (error: unknown) => void
}

type Counted = { data: EventData<'access.refused.v1'> }

/** Writes to `ledger`, which it owns from here on. */
export function startAuditTrail(options: AuditOptions): AuditTrail {
  const trail = new LedgerAuditTrail(options)
  // Unref: a trail alone keeps no process alive; `close` flushes.
  const timer = setInterval(() => void trail.flush(), FLUSH_MS).unref()
  return {
    refused: (refusal) => trail.refused(refusal),
    packetRead: (read) => trail.packetRead(read),
    get isFailing() {
      return trail.isFailing
    },
    flush: () => trail.flush(),
    async close() {
      clearInterval(timer)
      await trail.flush()
      await options.ledger.close()
    },
  }
}

class LedgerAuditTrail {
  readonly #options: AuditOptions
  /** Kinds of this minute; a count of 0 is one whose first event is written and that did not come again. */
  #kinds = new Map<string, Counted>()
  /** Events that could not be written, or are on their way. */
  #waiting: EventData<'access.refused.v1'>[] = []
  #turn: Promise<void> = Promise.resolve()
  isFailing = false

  constructor(options: AuditOptions) {
    this.#options = options
  }

  refused(refusal: Refusal): void {
    const data = this.#toData(refusal)
    const key = JSON.stringify([data.status, data.reason, data.method, data.route, data.principal, data.address])
    const known = this.#kinds.get(key) ?? (this.#kinds.size < MAX_KINDS ? undefined : this.#overflow(data))
    if (known === undefined) {
      this.#kinds.set(key, { data: { ...data, count: 0 } })
      this.#waiting.push(data)
      void this.#write()
      return
    }
    if (known.data.count === 0) known.data.first_at = data.first_at
    known.data.count++
    known.data.last_at = data.last_at
  }

  async packetRead(read: PacketRead): Promise<void> {
    await this.#append('access.packet_read.v1', [{ round_id: read.roundId, ...toAsked(read), request_id: read.requestId }])
  }

  async flush(): Promise<void> {
    const kinds = this.#kinds
    this.#kinds = new Map()
    for (const { data } of kinds.values()) if (data.count > 0) this.#waiting.push(data)
    await this.#write()
  }

  #toData(refusal: Refusal): EventData<'access.refused.v1'> {
    const at = this.#options.now().toISOString()
    return { status: refusal.status, reason: refusal.reason, ...toAsked(refusal), count: 1, first_at: at, last_at: at }
  }

  /** One kind for all that come when there are too many: who they were is not told, how many is. */
  #overflow(data: EventData<'access.refused.v1'>): Counted {
    const key = `many/${data.status}/${data.reason}`
    const many = this.#kinds.get(key) ?? { data: { ...data, method: 'other', route: 'many', principal: null, via: null, address: 'many', count: 0 } }
    this.#kinds.set(key, many)
    return many
  }

  /** In turn, so that a batch which fails is there for the next attempt and never written twice. */
  #write(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      const batch = this.#waiting
      if (batch.length === 0) return
      this.#waiting = []
      try {
        await this.#append('access.refused.v1', batch)
      } catch {
        // Counted, logged and shown as not ready by `onFailure` and `isFailing`. Bounded: kinds are, and only those of
        // the last minutes are kept.
        this.#waiting = [...batch, ...this.#waiting].slice(-10 * MAX_KINDS)
      }
    })
    return this.#turn
  }

  async #append<T extends 'access.refused.v1' | 'access.packet_read.v1'>(type: T, batch: readonly EventData<T>[]): Promise<void> {
    const { ledger, source, now, newId, onEvent, onFailure } = this.#options
    try {
      const events = batch.map((data) =>
        encodeEvent({
          specversion: '1.0',
          id: newId(),
          source,
          type,
          subject: AUDIT_SUBJECT,
          time: now().toISOString(),
          datacontenttype: 'application/json',
          dataschema: dataSchemaUri(type),
          data,
        }),
      )
      await ledger.append(events)
      this.isFailing = false
      for (const _ of events) onEvent(type)
    } catch (error) {
      this.isFailing = true
      onFailure(error)
      throw error
    }
  }
}
