import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'

/** What runs must be what the repository has; a short commit id stands for the long one that begins with it. */
export function releaseParityUnmet(check: CheckOf<'release-parity'>, { live, repository }: FactsOf<'release-parity'>): string[] {
  const isSame = check.compare === 'commit' ? isSameCommit(live, repository) : live === repository && live !== ''
  return isSame ? [] : ['live release is not the one of the repository']
}

function isSameCommit(a: string, b: string): boolean {
  const [short = '', long = ''] = [a, b].toSorted((x, y) => x.length - y.length)
  const isWhole = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(long)
  return /^[0-9a-f]{7,64}$/.test(short) && (short === long || (isWhole && long.startsWith(short)))
}
