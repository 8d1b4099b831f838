import { useSearchParams } from 'wouter'

/** Reads and changes the `?…` of the address, which is where filters and choices live: every view can be sent to somebody. */
export function useUrlState<K extends string>(keys: readonly K[]): [Readonly<Record<K, string>>, (change: Partial<Record<K, string>>) => void] {
  const [params, setParams] = useSearchParams()
  const values = Object.fromEntries(keys.map((key) => [key, params.get(key) ?? ''])) as Record<K, string>
  const change = (changes: Partial<Record<K, string>>): void =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        for (const [key, value] of Object.entries(changes) as [string, string][]) value === '' ? next.delete(key) : next.set(key, value)
        return next
      },
      { replace: true },
    )
  return [values, change]
}

/** `/rounds/{id}…`, and the policy asked for where there is one. */
export function roundPath(id: string, rest = '', policy: string | null = null): string {
  return `/rounds/${encodeURIComponent(id)}${rest}${policy === null || policy === '' ? '' : `?policy=${encodeURIComponent(policy)}`}`
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
/** Both ends of a range count: the whole of its first and last day, UTC. Anything else than a day is no limit. */
export const dayStart = (day: string): string => (DAY.test(day) ? `${day}T00:00:00.000Z` : '')
export const dayEnd = (day: string): string => (DAY.test(day) ? `${day}T23:59:59.999Z` : '')
