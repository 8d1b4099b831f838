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

/** Evidence whose verdicts are kept, in characters; verdict and rendered forms are a few times that. */
const MAX_CHARS = 32_000_000
const DECISION_ENDS: readonly string[] = [...DECISION_TYPES].map((type) => `"type":"${type}"}`)

/**
 * Judges rounds, and remembers what it made of the same bytes under the same policy. The events are read and hashed for
 * every question: only the pure part, fold to verdict, is spared. So a ledger that was changed underneath is seen at once,
 * and stored snapshots play no role (decision 0008).
 */
export class RoundCache {
  readonly #rounds: RoundReader
  /** In order of their last use. */
  readonly #known = new Map<string, Kept>()
  #chars = 0

  constructor(rounds: RoundReader) {
    this.#rounds = rounds
  }

  /** Throws `round_unknown`, `policy_unknown`, and what the reader throws. */
  async judge(roundId: string, policy?: string): Promise<JudgedRound> {
    const texts = await this.#readEvidence(roundId)
    const key = `${roundId} ${policy ?? 'own'} ${hash('sha256', texts.join('\n'), 'hex')}`
    const known = this.#known.get(key)
    const kept = known ?? { round: toJudgedRound(judgeFold(roundId, foldEvents(emptyFold(), texts), policy)), chars: lengthOf(texts) }
    if (known === undefined) this.#chars += kept.chars
    this.#known.delete(key)
    this.#known.set(key, kept)
    this.#forget()
    return kept.round
  }

  /** Those used longest ago, and never the last one. */
  #forget(): void {
    for (const [key, { chars }] of this.#known) {
      if (this.#chars <= MAX_CHARS || this.#known.size === 1) return
      this.#known.delete(key)
      this.#chars -= chars
    }
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

type Kept = { readonly round: JudgedRound; readonly chars: number }

function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0)
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
