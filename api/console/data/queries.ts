import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { apiPath, askJson, askText } from './api-client.ts'
import { ApiProblem } from './api-problem.ts'
import { POLL_MS } from './query-client.ts'
import type {
  Catalogue,
  Change,
  DayCount,
  DeclarationResult,
  DispatchResult,
  EscrowStatus,
  EstateRow,
  EventRow,
  FoundRow,
  InclusionProof,
  LedgerStats,
  Me,
  Page,
  PolicyRow,
  RejectedRow,
  Rejudged,
  RoundDiff,
  RoundHead,
  RoundRow,
  Snapshot,
  TimelineResult,
  UnfinishedRow,
  Verification,
} from './shapes.ts'

/** Every question this page asks by GET, with its cache key. What can change on the server is asked again every half minute. */
export type RoundFilter = { estate: string; overall: string; integrity: string; from: string; to: string }
export type HistoryQuestion = { kind: 'keys' | 'checks'; estate: string; name: string; from: string; to: string }

const PAGE_ROWS = 500

const live = <T>(key: readonly unknown[], path: string) =>
  queryOptions({ queryKey: key, queryFn: ({ signal }) => askJson<T>(path, { signal }), refetchInterval: POLL_MS })
const paged = <T>(key: readonly unknown[], toPath: (cursor: string | null) => string) =>
  infiniteQueryOptions({
    queryKey: key,
    queryFn: ({ signal, pageParam }) => askJson<Page<T>>(toPath(pageParam), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })

export const meQuery = () => queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => askJson<Me>('/v1/me', { signal }) })
export const estatesQuery = () => live<EstateRow[]>(['estates'], apiPath(['estates']))
export const policiesQuery = () =>
  queryOptions({ queryKey: ['policies'], queryFn: ({ signal }) => askJson<unknown>('/v1/policies', { signal }), select: toRows<PolicyRow> })
export const catalogueQuery = () => queryOptions({ queryKey: ['catalogue'], queryFn: ({ signal }) => askJson<Catalogue>('/v1/catalogue', { signal }) })

/** The newest rounds only: small, and asked again and again. */
export const newestRoundsQuery = (filter: RoundFilter, limit = 1) => live<Page<RoundRow>>(['newest', filter, limit], apiPath(['rounds'], { ...filter, limit }))
export const roundsQuery = (filter: RoundFilter) =>
  paged<RoundRow>(['rounds', filter], (cursor) => apiPath(['rounds'], { ...filter, limit: PAGE_ROWS, cursor }))
export const unfinishedQuery = () => live<Page<UnfinishedRow>>(['unfinished'], apiPath(['rounds', 'unfinished'], { limit: 200 }))

export const roundQuery = (id: string) => live<RoundHead>(['round', id, 'head'], apiPath(['rounds', id]))
export const snapshotQuery = (id: string, policy: string | null) =>
  live<Snapshot>(['round', id, 'snapshot', policy], apiPath(['rounds', id, 'snapshot'], { policy }))
export const declarationQuery = (id: string, policy: string | null) =>
  live<DeclarationResult>(['round', id, 'declaration', policy], apiPath(['rounds', id, 'guards', 'declaration'], { policy }))
export const dispatchQuery = (id: string, policy: string | null) =>
  live<DispatchResult>(['round', id, 'dispatch', policy], apiPath(['rounds', id, 'guards', 'dispatch'], { policy }))
/** `since`: the operator's own T+0; empty: the newest boot that the round knows. */
export const timelineQuery = (id: string, policy: string | null, since: string) =>
  live<TimelineResult>(['round', id, 'timeline', policy, since], apiPath(['rounds', id, 'guards', 'timeline'], { policy, since }))
export const eventsQuery = (id: string) => paged<EventRow>(['round', id, 'events'], (cursor) => apiPath(['rounds', id, 'events'], { limit: PAGE_ROWS, cursor }))
export const decisionsQuery = (id: string) => live<Page<EventRow>>(['round', id, 'decisions'], apiPath(['rounds', id, 'decisions'], { limit: 1000 }))
/** The canonical text of one event, as the ledger has it. */
export const eventTextQuery = (id: string, eventId: string) =>
  queryOptions({ queryKey: ['round', id, 'event', eventId], queryFn: ({ signal }) => askText(apiPath(['rounds', id, 'events', eventId]), { signal }) })
export const proofQuery = (id: string, eventId: string) =>
  live<InclusionProof>(['round', id, 'proof', eventId], apiPath(['rounds', id, 'events', eventId, 'proof']))
export const rejudgeQuery = (id: string, policy: string) => live<Rejudged>(['round', id, 'rejudge', policy], apiPath(['rounds', id, 'rejudge'], { policy }))
export const diffQuery = (a: string, b: string) => live<RoundDiff>(['diff', a, b], apiPath(['rounds', a, 'diff', b]))

export const historyQuery = ({ kind, estate, name, from, to }: HistoryQuestion) =>
  queryOptions({
    queryKey: ['history', kind, estate, name, from, to],
    queryFn: ({ signal }) => askJson<unknown>(apiPath(['history', kind], { estate, [kind === 'keys' ? 'key' : 'check']: name, from, to }), { signal }),
    select: toRows<Change>,
    refetchInterval: POLL_MS,
  })
export const searchQuery = (text: string, from: string, to: string) =>
  paged<FoundRow>(['search', text, from, to], (cursor) => apiPath(['history', 'search'], { q: text, from, to, limit: 50, cursor }))

/** Decisions of one type of the whole ledger, newest first. The words are those of the canonical text: no text inside an event can have them. */
export const decisionsOfTypeQuery = (type: string) =>
  paged<FoundRow>(['decisions', type], (cursor) => apiPath(['history', 'search'], { q: `"type":"${type}"`, limit: 100, cursor }))
/**
 * The escrow that an estate's last round saw, and that round: the first answer does not say how far it can be believed, and the
 * two of them grow old together.
 */
export const escrowQuery = (estate: string) =>
  queryOptions({
    queryKey: ['escrow', estate],
    queryFn: async ({ signal }) => {
      const status = await askJson<EscrowStatus>(apiPath(['escrow'], { estate }), { signal })
      if (status.artifact_id === null) throw new ApiProblem('not_ours', 'the answer names no round')
      return { status, round: await askJson<RoundHead>(apiPath(['rounds', status.artifact_id]), { signal }) }
    },
    refetchInterval: POLL_MS,
  })
export const rejectedQuery = () => paged<RejectedRow>(['rejected'], (cursor) => apiPath(['history', 'rejected'], { limit: 100, cursor }))
export const countsQuery = () =>
  queryOptions({
    queryKey: ['counts'],
    queryFn: ({ signal }) => askJson<unknown>(apiPath(['history', 'counts']), { signal }),
    select: toRows<DayCount>,
    refetchInterval: POLL_MS,
  })

export const ledgerStatsQuery = () => live<LedgerStats>(['ledger', 'stats'], '/v1/ledger/stats')
export const verificationQuery = (id: string) =>
  queryOptions({
    queryKey: ['ledger', 'verification', id],
    queryFn: ({ signal }) => askJson<Verification>(apiPath(['ledger', 'verifications', id]), { signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? 500 : POLL_MS),
  })

/** Rows of an answer that is a list, with or without a page around it. Anything else is not read as an empty list. */
function toRows<T>(answer: unknown): T[] {
  if (Array.isArray(answer)) return answer as T[]
  if (typeof answer === 'object' && answer !== null && 'rows' in answer && Array.isArray(answer.rows)) return answer.rows as T[]
  throw new ApiProblem('not_ours', 'the answer is no list')
}
