import { Worker } from 'node:worker_threads'
import type { VerifyMessage } from './verify-worker.ts'

type Problem = Extract<VerifyMessage, { type: 'done' }>['problems'][number]

/** `checked` of `total` events; `problems`: the first thing that is wrong, where something is. `failed`: could not tell, see `code`. `head`: of a verified ledger, to note down. */
export type Verification = {
  readonly id: string
  readonly state: 'running' | 'verified' | 'damaged' | 'failed'
  readonly checked: number
  readonly total: number
  readonly problems: readonly Problem[]
  readonly code: string | null
  readonly head: { readonly position: number; readonly chain: string } | null
}

const KEPT = 20

/**
 * Proofs of the whole ledger file, one at a time, each in a thread of its own. Who asks while one runs is given that one.
 * The last twenty are remembered, by this process only.
 */
export class Verifications {
  readonly #path: string
  readonly #newId: () => string
  readonly #known = new Map<string, Verification>()
  #running: { id: string; worker: Worker } | null = null

  constructor(path: string, newId: () => string) {
    this.#path = path
    this.#newId = newId
  }

  /** Starts one, or gives the one that runs. */
  start(total: number): Verification {
    const running = this.#running === null ? undefined : this.#known.get(this.#running.id)
    if (running !== undefined) return running
    const id = this.#newId()
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), { workerData: this.#path })
    this.#running = { id, worker }
    worker.on('message', (message: VerifyMessage) => this.#take(id, message))
    worker.on('error', () => this.#take(id, { type: 'failed', code: 'internal' }))
    worker.on('exit', () => this.#ended(id))
    return this.#set({ id, state: 'running', checked: 0, total, problems: [], code: null, head: null })
  }

  find(id: string): Verification | null {
    return this.#known.get(id) ?? null
  }

  /** Ends the thread; a verification that was running has failed. */
  async close(): Promise<void> {
    await this.#running?.worker.terminate()
  }

  #take(id: string, message: VerifyMessage): void {
    const known = this.#known.get(id)
    if (known?.state !== 'running') return
    if (message.type === 'progress') this.#set({ ...known, checked: message.checked, total: message.total })
    if (message.type === 'failed') this.#set({ ...known, state: 'failed', code: message.code })
    if (message.type === 'done') {
      const { ok, checked, problems, head } = message
      this.#set({ ...known, state: ok ? 'verified' : 'damaged', checked, total: Math.max(known.total, checked), problems, head })
    }
  }

  #ended(id: string): void {
    this.#running = null
    this.#take(id, { type: 'failed', code: 'interrupted' })
  }

  #set(verification: Verification): Verification {
    this.#known.set(verification.id, verification)
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value ?? '')
    return verification
  }
}
