import { hash } from 'node:crypto'
import { type GuardInput, snapshotInput } from '../../guards/guard-input.ts'
import type { RoundReader } from '../../ledger/ledger.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { DECISION_TYPES } from '../../schemas/event.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'

/** `tag`: an entity tag (RFC 9110) over the text, weak because the answer may be compressed. */
export type Rendered = { readonly text: string; readonly tag: string }

/** A round as it was judged from exactly the bytes that the ledger gave just now. */
export type JudgedRound = {
  readonly snapshot: Snapshot
  readonly input: GuardInput
  /** A form of this round by name; made once. Pure functions of the snapshot only. */
  render(name: string, make: () => string): Rendered
}

/** Rounds that are kept; about 100 KB each with their rendered forms. */
const MAX_ROUNDS = 200
const DECISION_ENDS: readonly string[] = [...DECISION_TYPES].map((type) => `"type":"${type}"}`)

/**
 * Judges rounds, and remembers what it made of the same bytes under the same policy. The events are read and hashed for
 * every question: only the pure part, fold to verdict, is spared. So a ledger that was changed underneath is seen at once,
 * and stored snapshots play no role (decision 0008).
 */
export class RoundCache {
  readonly #rounds: RoundReader
  /** In order of their last use. */
  readonly #known = new Map<string, JudgedRound>()

  constructor(rounds: RoundReader) {
    this.#rounds = rounds
  }

  /** Throws `round_unknown`, `policy_unknown`, and what the reader throws. */
  async judge(roundId: string, policy?: string): Promise<JudgedRound> {
    const texts = await this.#readEvidence(roundId)
    const key = `${roundId} ${policy ?? 'own'} ${hash('sha256', texts.join('\n'), 'hex')}`
    const judged = this.#known.get(key) ?? toJudgedRound(judgeFold(roundId, foldEvents(emptyFold(), texts), policy))
    this.#known.delete(key)
    this.#known.set(key, judged)
    if (this.#known.size > MAX_ROUNDS) this.#known.delete(this.#known.keys().next().value ?? '')
    return judged
  }

  /** Decisions beside a round change nothing in it. Keys are sorted in canonical JSON, so the type is what a text ends with. */
  async #readEvidence(roundId: string): Promise<string[]> {
    const texts: string[] = []
    let isEmpty = true
    for await (const page of this.#rounds.readRound(roundId)) {
      isEmpty = false
      for (const { text } of page) if (!DECISION_ENDS.some((end) => text.endsWith(end))) texts.push(text)
    }
    if (isEmpty || texts.length === 0) throw new EvidenceError('round_unknown', `no round ${roundId} in this ledger`, { remedy: 'see `evidence round list`' })
    return texts
  }
}

function toJudgedRound(snapshot: Snapshot): JudgedRound {
  const rendered = new Map<string, Rendered>()
  return {
    snapshot,
    input: snapshotInput(snapshot),
    render(name, make) {
      const known = rendered.get(name) ?? toRendered(make())
      rendered.set(name, known)
      return known
    },
  }
}

/** A text with its tag. */
export function toRendered(text: string): Rendered {
  return { text, tag: `W/"${sha256Digest(text)}"` }
}
