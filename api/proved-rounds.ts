import { hash } from 'node:crypto'
import { setImmediate as otherWork } from 'node:timers/promises'
import type { RoundReader } from '../ledger/ledger.ts'
import { emptyFold, foldEvents } from '../projector/fold.ts'
import type { RoundRow } from '../projector/history-store.ts'
import { judgeFold } from '../projector/project-round.ts'
import { isFinalSnapshot } from '../projector/snapshot-rows.ts'
import type { SnapshotStore } from '../projector/snapshot-store.ts'
import { canonicalDigest } from '../schemas/digest.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { Snapshot } from '../schemas/snapshot.ts'

/** `withdraw`: history tells nothing of this round any more, until it is saved again. */
export type CorrectableStore = Pick<SnapshotStore, 'save'> & { withdraw(roundId: string): Promise<void> }
export type ToldRound = Pick<RoundRow, 'artifactId' | 'overall' | 'integrity' | 'snapshotDigest'>

type Proof = { readonly version: string | null; readonly told: string; readonly evidence: string }

/**
 * Holds stored rows of rounds to the events of the local file, so that a list never calls a round verified that was changed
 * since its snapshot was stored. While nobody commits to the file nothing is read again; after that the events of the rounds
 * asked about are read and hashed, and judged only where they are not the bytes that were judged before.
 */
export class ProvedRounds {
  readonly #rounds: RoundReader
  readonly #store: CorrectableStore
  readonly #known = new Map<string, Proof>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(rounds: RoundReader, store: CorrectableStore) {
    this.#rounds = rounds
    this.#store = store
  }

  /** Whether any of these rows was not what its events give. The store has been put right then: ask it again. */
  correct(rows: readonly ToldRound[]): Promise<boolean> {
    // One after the other: questions that come at once share what the first of them did.
    const mine = this.#turn.then(() => this.#correct(rows))
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  async #correct(rows: readonly ToldRound[]): Promise<boolean> {
    // Before the work: what is committed during it is found by the next question.
    const version = (await this.#rounds.version?.()) ?? null
    let isCorrected = false
    for (const row of rows) if (!(await this.#holds(row, version))) isCorrected = true
    return isCorrected
  }

  async #holds({ artifactId: id, ...row }: ToldRound, version: string | null): Promise<boolean> {
    const known = this.#known.get(id)
    const told = toldText(row)
    if (version !== null && known?.version === version && known.told === told) return true
    const texts = await this.#read(id)
    const evidence = hash('sha256', texts.join('\n'), 'hex')
    if (known?.evidence === evidence && known.told === told) {
      this.#known.set(id, { ...known, version })
      return true
    }
    const snapshot = judged(id, texts)
    if (snapshot !== null && isFinalSnapshot(snapshot) && toldText(tell(snapshot)) === told) {
      this.#known.set(id, { version, told, evidence })
      await otherWork()
      return true
    }
    this.#known.delete(id)
    // First: a stored row whose digest is right and whose result is not would else be left as it is.
    await this.#store.withdraw(id)
    if (snapshot !== null) await this.#store.save(snapshot)
    return false
  }

  async #read(roundId: string): Promise<string[]> {
    const texts: string[] = []
    for await (const page of this.#rounds.readRound(roundId)) texts.push(...page.map(({ text }) => text))
    return texts
  }
}

function toldText({ overall, integrity, snapshotDigest }: Omit<ToldRound, 'artifactId'>): string {
  return `${overall} ${integrity} ${snapshotDigest}`
}

/** What a stored row of this snapshot must say. */
export function tell(snapshot: Snapshot): ToldRound {
  return {
    artifactId: snapshot.artifact_id,
    overall: snapshot.summary.OVERALL_DECLARATION ?? 'unknown',
    integrity: snapshot.evidence.integrity,
    snapshotDigest: canonicalDigest(snapshot),
  }
}

/** Null where these events are no round, or none that can be judged. */
function judged(roundId: string, texts: readonly string[]): Snapshot | null {
  try {
    return judgeFold(roundId, foldEvents(emptyFold(), texts))
  } catch (error) {
    if (error instanceof EvidenceError) return null
    throw error
  }
}
