import { expect, test } from 'vitest'
import { createLimits } from '../../producers/limits.ts'

/** Runs tasks that each yield a few times, and reports the most that ran at once, overall and per host. */
async function peak(hosts: readonly (string | null)[], limits: { overall: number; perHost: number }) {
  const running = new Map<string | null, number>()
  const peaks = new Map<string | null, number>()
  let now = 0
  let most = 0
  const task = (host: string | null) => async (): Promise<void> => {
    now++
    most = Math.max(most, now)
    running.set(host, (running.get(host) ?? 0) + 1)
    peaks.set(host, Math.max(peaks.get(host) ?? 0, running.get(host) ?? 0))
    for (let i = 0; i < 3; i++) await new Promise(setImmediate)
    running.set(host, (running.get(host) ?? 1) - 1)
    now--
  }
  const { run } = createLimits(limits)
  await Promise.all(hosts.map((host) => run(host, task(host))))
  return { most, peaks: Object.fromEntries([...peaks].map(([host, count]) => [String(host), count])) }
}

test('both limits hold, are used up, and hostless tasks count only overall', async () => {
  const hosts = Array.from({ length: 60 }, (_, n) => (n % 3 === 0 ? null : `h${n % 2}`))
  expect(await peak(hosts, { overall: 7, perHost: 2 })).toEqual({ most: 7, peaks: { null: 3, h0: 2, h1: 2 } })
  expect(await peak(Array(20).fill('h'), { overall: 16, perHost: 4 })).toEqual({ most: 4, peaks: { h: 4 } })
  expect(await peak(Array(20).fill(null), { overall: 16, perHost: 4 })).toEqual({ most: 16, peaks: { null: 16 } })
})

test('a task that throws gives its place back', async () => {
  const { run } = createLimits({ overall: 1, perHost: 1 })
  await expect(run('h', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await run('h', async () => 'yes')).toBe('yes')
})
