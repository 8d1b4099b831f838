import { QueryClient } from '@tanstack/react-query'
import { isPassing } from './api-problem.ts'

/** An answer older than this is shown as old, whatever it says. Every page asks again well before. */
export const STALE_AFTER_MS = 120_000
export const POLL_MS = 30_000

/** One cache a tab. A refusal is not asked again; silence is, once. Offline is an error to show, not a reason to wait quietly. */
export function buildQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        retry: (failures, error) => failures < 1 && isPassing(error),
        retryDelay: 1000,
        staleTime: 5000,
        refetchOnWindowFocus: 'always',
        refetchOnReconnect: 'always',
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
}
