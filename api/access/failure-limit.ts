const MINUTE_MS = 60_000
const MAX_ADDRESSES = 10_000

/**
 * Counts failed credentials by address in windows of a minute. Above the limit they are not looked at any more, so that
 * guessing is slow and signatures are not checked for strangers at any rate.
 */
export class FailureLimit {
  readonly #limit: number
  readonly #now: () => Date
  #counts = new Map<string, number>()
  #windowEndMs = 0

  constructor(limit: number, now: () => Date) {
    this.#limit = limit
    this.#now = now
  }

  isOver(address: string): boolean {
    this.#turnWindow()
    return (this.#counts.get(toNetwork(address)) ?? 0) >= this.#limit
  }

  count(address: string): void {
    this.#turnWindow()
    const network = toNetwork(address)
    // Full: those who are counted stay so, newcomers wait for the next minute's map.
    if (!this.#counts.has(network) && this.#counts.size >= MAX_ADDRESSES) return
    this.#counts.set(network, (this.#counts.get(network) ?? 0) + 1)
  }

  #turnWindow(): void {
    const nowMs = this.#now().getTime()
    // A clock that was set back must not make a window that never ends.
    if (nowMs < this.#windowEndMs && nowMs >= this.#windowEndMs - MINUTE_MS) return
    this.#counts = new Map()
    this.#windowEndMs = nowMs + MINUTE_MS
  }
}

/** One IPv6 customer has a /64 of addresses to change between. */
function toNetwork(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return groups.slice(0, 4).join(':')
}
