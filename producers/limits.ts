export type Limits = { run<T>(host: string | null, task: () => Promise<T>): Promise<T> }

type Waiting = { host: string | null; start: () => void }

/**
 * Runs tasks with at most `overall` at once, and at most `perHost` of those on one host; tasks of no host only count
 * overall. First come, first served, except that a task whose host is busy lets those behind it pass.
 */
export function createLimits({ overall, perHost }: { overall: number; perHost: number }): Limits {
  const waiting: Waiting[] = []
  const busy = new Map<string | null, number>()
  let running = 0

  const startNext = (): void => {
    while (running < overall) {
      const index = waiting.findIndex(({ host }) => host === null || (busy.get(host) ?? 0) < perHost)
      const next = index === -1 ? undefined : waiting.splice(index, 1)[0]
      if (next === undefined) return
      running++
      busy.set(next.host, (busy.get(next.host) ?? 0) + 1)
      next.start()
    }
  }
  const release = (host: string | null): void => {
    running--
    busy.set(host, (busy.get(host) ?? 1) - 1)
    startNext()
  }
  return {
    run: async (host, task) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.push({ host, start: resolve })
      startNext()
      await promise
      try {
        return await task()
      } finally {
        release(host)
      }
    },
  }
}
