import type { Snapshot } from '../schemas/snapshot.ts'

export type SnapshotDifference = {
  checks: { id: string; a: string; b: string; reasons: string[] }[]
  keys: { key: string; a: string; b: string }[]
}

const ABSENT = 'absent'

/** What two snapshots conclude differently: checks by id, and every summary key whose values differ. */
export function diffSnapshots(a: Snapshot, b: Snapshot): SnapshotDifference {
  const checksOf = (snapshot: Snapshot) => new Map(snapshot.checks.map((check) => [check.id, check]))
  const [left, right] = [checksOf(a), checksOf(b)]
  const checks = [...new Set([...left.keys(), ...right.keys()])].flatMap((id) => {
    const [from, to] = [statusOf(left.get(id)), statusOf(right.get(id))]
    return from === to ? [] : [{ id, a: from, b: to, reasons: right.get(id)?.reasons ?? [] }]
  })
  const keys = [...new Set([...Object.keys(a.summary), ...Object.keys(b.summary)])].flatMap((key) => {
    const [from, to] = [a.summary[key] ?? ABSENT, b.summary[key] ?? ABSENT]
    return from === to ? [] : [{ key, a: from, b: to }]
  })
  return { checks, keys }
}

function statusOf(check: Snapshot['checks'][number] | undefined): string {
  if (check === undefined) return ABSENT
  if (!check.counted) return 'not known to this policy'
  return check.warning_class === null ? check.status : `${check.status}(${check.warning_class})`
}

/** Text form: one line a check, then one line a key. */
export function differenceText({ checks, keys }: SnapshotDifference): string {
  const lines = [
    ...checks.map((one) => `CHECK ${one.id}: ${one.a} -> ${one.b}${one.reasons.length > 0 ? ` because ${one.reasons.join('; ')}` : ''}`),
    ...keys.map((one) => `KEY ${one.key}: ${one.a} -> ${one.b}`),
  ]
  return lines.length === 0 ? 'no difference\n' : `${lines.join('\n')}\n`
}
