import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { writeFileAtomically } from '../actions/write-file.ts'
import { afterNotification, decideNotification, NOTHING_TOLD, type Notification, type NotifyState } from './notification.ts'
import type { Observation } from './observation.ts'
import type { Delivery } from './send-webhook.ts'

const State = z.strictObject({
  version: z.literal(1),
  since: z.iso.datetime().nullable(),
  told: z.record(z.string(), z.number()),
  lastResult: z.string().nullable(),
})

export type NotifierPorts = {
  /** What was told, kept over restarts. */
  readonly stateFile: string
  readonly cooldownS: number
  /** null: a dry run, which tells what it would send and remembers nothing. */
  readonly send: ((message: Notification) => Promise<Delivery>) | null
  readonly now: () => Date
  /** One line for people. */
  readonly note: (text: string) => void
}

/** Tells a receiver what changed. Nothing here throws or changes a verdict: what fails is noted and tried after the next round. */
export class Notifier {
  readonly #ports: NotifierPorts
  #state: NotifyState | undefined

  constructor(ports: NotifierPorts) {
    this.#ports = ports
  }

  async tell(seen: Observation): Promise<void> {
    const { cooldownS, send, now, note } = this.#ports
    this.#state ??= await this.#read()
    const state = this.#state
    const message = decideNotification(state, seen, now(), cooldownS)
    if (message === null) return
    if (send === null) {
      note(`would send: ${JSON.stringify(message)}`)
      this.#state = afterNotification(state, message, true, now())
      return
    }
    const delivery = await send(message)
    note(delivery.isDelivered ? `notified: ${message.kind}` : `NOT notified: ${message.kind}: ${delivery.reason}; tried again after the next round`)
    this.#state = afterNotification(state, message, delivery.isDelivered, now())
    if (JSON.stringify(this.#state) !== JSON.stringify(state)) await this.#write(this.#state)
  }

  /** A state that is lost or damaged costs a message too many, never one too few: what is open is told again. */
  async #read(): Promise<NotifyState> {
    const { stateFile, note } = this.#ports
    try {
      return State.parse(JSON.parse(await readFile(stateFile, 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') note(`what was notified before is not known: ${stateFile} cannot be read`)
      return NOTHING_TOLD
    }
  }

  async #write(state: NotifyState): Promise<void> {
    const { stateFile, note } = this.#ports
    try {
      await writeFileAtomically(stateFile, `${JSON.stringify(state)}\n`)
    } catch {
      note(`what was notified cannot be remembered over a restart: ${stateFile} cannot be written`)
    }
  }
}
