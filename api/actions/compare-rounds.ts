import { differenceText, diffSnapshots } from '../../projector/diff-snapshots.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { isGreenOverall } from '../../schemas/summary.ts'

/** An answer of the program: what is printed as JSON, the text form, and whether it is yes (exit code 0). */
export type Answered = { readonly value: object; readonly text: string; readonly isYes: boolean }

/** Judges a round under a policy reference, by default its own. Throws `round_unknown` or `policy_unknown`. */
export type Judge = (roundId: string, policy?: string) => Promise<Snapshot>

/** What two rounds conclude differently, each under its own policy; yes where nothing is. Throws `round_unknown`. */
export async function diffRounds(judge: Judge, a: string, b: string): Promise<Answered> {
  return toDiffAnswer(await judge(a), await judge(b))
}

function toDiffAnswer(a: Snapshot, b: Snapshot): Answered {
  const difference = diffSnapshots(a, b)
  const value = { a: a.artifact_id, b: b.artifact_id, ...difference }
  return { value, text: differenceText(difference), isYes: difference.checks.length + difference.keys.length === 0 }
}

/**
 * The same evidence under another policy version, with the difference; yes where the new result is green. Nothing is
 * stored: lists show what a round was under its own policy. Throws `round_unknown` or `policy_unknown`.
 */
export async function rejudgeRound(judge: Judge, roundId: string, policy: string): Promise<Answered> {
  const was = await judge(roundId)
  const now = await judge(roundId, policy)
  const difference = diffSnapshots(was, now)
  const head = [
    `round ${roundId}`,
    `POLICY sop@${was.policy_version} -> sop@${now.policy_version}`,
    `RESULT ${was.summary.OVERALL_DECLARATION} -> ${now.summary.OVERALL_DECLARATION}`,
  ]
  return {
    value: { artifact_id: roundId, from: was.policy_version, to: now.policy_version, ...difference, summary: now.summary },
    text: `${head.join('\n')}\n${differenceText(difference)}`,
    isYes: isGreenOverall(now.summary.OVERALL_DECLARATION),
  }
}
