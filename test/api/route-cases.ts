import { ROUND } from '../support/api-harness.ts'

/** One request, as `app.inject` takes it. */
export type Ask = { url: string; method?: 'GET' | 'POST'; payload?: string | Buffer | object; headers?: Record<string, string> }
export type Case = {
  /** A request that is answered with `status`. */
  readonly good: Ask
  readonly status: number
  /** Requests that are wrong in themselves: 400, 406 or 415, and nothing happens. */
  readonly malformed: readonly Ask[]
  /** The same about something that is not there; null: there is nothing to name. */
  readonly unknown: Ask | null
  /** What else `unknown` may be answered with than 404. */
  readonly unknownStatus?: number
  /** Of a route that takes a body: one byte more than it takes is 413. */
  readonly bodyLimit?: number
  /** Answers of several at once are the same bytes. False: each is its own. */
  readonly isSame?: boolean
}

const OTHER = 'awoooi-post-start-quick-check-20260626-062600'
const NONE = 'no-such-round-20260101'
export const EVENT = '019f0733-89f0-7068-b7a4-b2b4c58f289d'
const NO_EVENT = '019f0733-89f0-7068-b7a4-b2b4c58f2000'
const at = (path: string, id = ROUND): string => `/v1/rounds/${id}${path}`

/** A read of a round: with a policy, and wrong in the usual ways. */
function ofRound(path: string, options: { policy?: boolean; unknownStatus?: number } = {}): Case {
  const query = options.policy === false ? [] : [{ url: at(`${path}?policy=1.78`) }, { url: at(`${path}?policy=other@1`) }]
  return {
    good: { url: at(path) },
    status: 200,
    malformed: [{ url: at(path, 'UPPER') }, { url: at(path, 'x'.repeat(101)) }, { url: at(`${path}?nonsense=1`) }, ...query],
    unknown: { url: at(path, NONE) },
  }
}

function list(path: string, query = '', malformed: readonly string[] = []): Case {
  const and = query === '' ? '?' : `?${query}&`
  const wrong = ['nonsense=1', ...malformed]
  return {
    good: { url: `${path}${query === '' ? '' : `?${query}`}` },
    status: 200,
    malformed: wrong.map((one) => ({ url: `${path}${and}${one}` })),
    unknown: null,
  }
}

const PAGES = ['limit=0', 'limit=1001', 'limit=x', 'cursor=garbage', 'limit=1&limit=2']
const RANGE = ['from=yesterday', 'to=2026-02-30T00:00:00Z', 'from=2026-13-01']
const JSON_TYPE = { 'content-type': 'application/json' }
const post = (url: string, payload: object | string | Buffer, headers: Record<string, string> = JSON_TYPE): Ask => ({
  method: 'POST',
  url,
  payload: typeof payload === 'object' && !Buffer.isBuffer(payload) ? JSON.stringify(payload) : payload,
  headers,
})

/** What is wrong with any body of strict JSON. */
const notStrict = (url: string, good: object): Ask[] => [
  post(url, '{'),
  post(url, ''),
  post(url, Buffer.from([0x22, 0xff, 0x22])),
  post(url, { ...good, more: 1 }),
  post(url, JSON.stringify(good).replace(/^\{/, '{"estate":"a","estate":"b",')),
  post(url, [] as object),
  post(url, JSON.stringify(good), { 'content-type': 'text/plain' }),
]

const RUN = { estate: 'localhost' }
const MARK = { item: 'dns_registrar_recovery', evidence_id: 'VAULT-4711-REC' }
const REVIEW = { gate: 'credential_escrow_evidence', decision: 'rejected', owner: 'Somebody Else', response: 'e30=' }

/** A case for every route under /v1, by method and template; a route without one fails the suite. */
export const CASES: Readonly<Record<string, Case>> = {
  'GET /v1/estates': list('/v1/estates'),
  'GET /v1/rounds': list('/v1/rounds', 'limit=3', [...RANGE, 'integrity=mismatch', 'cursor=garbage']),
  'GET /v1/rounds/unfinished': list('/v1/rounds/unfinished', '', PAGES),
  'GET /v1/rounds/:id': ofRound('', { policy: false }),
  'GET /v1/rounds/:id/snapshot': ofRound('/snapshot'),
  'GET /v1/rounds/:id/checks': ofRound('/checks'),
  'GET /v1/rounds/:id/summary.txt': ofRound('/summary.txt'),
  'GET /v1/rounds/:id/rejudge': {
    ...ofRound('/rejudge'),
    good: { url: at('/rejudge?policy=sop@1.24') },
    unknown: { url: at('/rejudge?policy=sop@1.24', NONE) },
  },
  'GET /v1/rounds/:a/diff/:b': {
    good: { url: at(`/diff/${OTHER}`) },
    status: 200,
    malformed: [{ url: at('/diff/UPPER') }, { url: at(`/diff/${OTHER}?policy=sop@1.24`) }],
    unknown: { url: at(`/diff/${NONE}`) },
  },
  'GET /v1/rounds/:id/events': { ...ofRound('/events', { policy: false }), malformed: PAGES.map((query) => ({ url: at(`/events?${query}`) })) },
  'GET /v1/rounds/:id/decisions': { ...ofRound('/decisions', { policy: false }), malformed: PAGES.map((query) => ({ url: at(`/decisions?${query}`) })) },
  'GET /v1/rounds/:id/events/:event_id': {
    good: { url: at(`/events/${EVENT}`) },
    status: 200,
    malformed: [{ url: at('/events/1') }, { url: at(`/events/${EVENT}?x=1`) }],
    unknown: { url: at(`/events/${NO_EVENT}`) },
  },
  'GET /v1/rounds/:id/events/:event_id/proof': {
    good: { url: at(`/events/${EVENT}/proof`) },
    status: 200,
    malformed: [{ url: at('/events/1/proof') }],
    unknown: { url: at(`/events/${NO_EVENT}/proof`) },
  },
  'GET /v1/rounds/:id/guards/declaration': {
    ...ofRound('/guards/declaration'),
    malformed: [...ofRound('/guards/declaration').malformed, { url: at(`/guards/declaration?declare=${'X'.repeat(101)}`) }],
  },
  'GET /v1/rounds/:id/guards/dispatch': {
    ...ofRound('/guards/dispatch'),
    malformed: [...ofRound('/guards/dispatch').malformed, { url: at('/guards/dispatch'), headers: { accept: 'image/png' } }],
  },
  'GET /v1/rounds/:id/guards/timeline': {
    ...ofRound('/guards/timeline'),
    malformed: [
      ...ofRound('/guards/timeline').malformed,
      ...['since=yesterday', 'since=2026-06-27T11:05:00', 'since=2099-01-01T00:00:00Z'].map((query) => ({ url: at(`/guards/timeline?${query}`) })),
    ],
  },
  'POST /v1/rounds/:id/guards/contract': {
    good: post(at('/guards/contract'), {}),
    status: 200,
    malformed: [post(at('/guards/contract', 'UPPER'), {}), post(at('/guards/contract?x=1'), {})],
    unknown: post(at('/guards/contract', NONE), {}),
    bodyLimit: 4_194_304,
  },
  'POST /v1/rounds/:id/guards/preflight': {
    good: post(at('/guards/preflight'), 'anything at all', { 'content-type': 'application/x-whatever' }),
    status: 200,
    malformed: [post(at('/guards/preflight', 'UPPER'), {}), post(at('/guards/preflight?x=1'), {})],
    unknown: post(at('/guards/preflight', NONE), {}),
    bodyLimit: 1_048_576,
  },
  'GET /v1/rounds/:id/packets': ofRound('/packets'),
  'GET /v1/rounds/:id/packets.html': { ...ofRound('/packets.html'), malformed: [...ofRound('/packets.html').malformed, { url: at('/packets.html?lang=fr') }] },
  'GET /v1/rounds/:id/response-template': ofRound('/response-template'),
  'GET /v1/rounds/:id/bundle': ofRound('/bundle'),
  'GET /v1/rounds/:id/in-toto': ofRound('/in-toto'),
  'GET /v1/rounds/:id/oscal': ofRound('/oscal'),
  'GET /v1/history/keys': list('/v1/history/keys', 'estate=awoooi&key=SERVICE_GREEN', [...RANGE, 'key=A']),
  'GET /v1/history/checks': list('/v1/history/checks', 'estate=awoooi&check=momo-daily-freshness', RANGE),
  'GET /v1/history/declarations': list('/v1/history/declarations', 'estate=awoooi', RANGE),
  'GET /v1/history/as-of': list('/v1/history/as-of', 'estate=awoooi&moment=2026-06-28', ['moment=2026-06-27']),
  'GET /v1/history/not-passed': list('/v1/history/not-passed', 'estate=awoooi&check=momo-daily-freshness', [...RANGE, ...PAGES]),
  'GET /v1/history/search': list('/v1/history/search', 'q=stock', [...RANGE, ...PAGES, 'q=']),
  'GET /v1/history/counts': list('/v1/history/counts', '', RANGE),
  'GET /v1/history/rejected': list('/v1/history/rejected', '', PAGES),
  'GET /v1/policies': list('/v1/policies'),
  'GET /v1/catalogue': list('/v1/catalogue'),
  'GET /v1/me': list('/v1/me'),
  'GET /v1/ledger/stats': list('/v1/ledger/stats'),
  'POST /v1/ledger/verifications': {
    good: { method: 'POST', url: '/v1/ledger/verifications' },
    status: 202,
    malformed: [{ method: 'POST', url: '/v1/ledger/verifications?x=1' }],
    unknown: null,
    isSame: false,
  },
  'GET /v1/ledger/verifications/:id': {
    good: { url: `/v1/ledger/verifications/${NO_EVENT}` },
    status: 404,
    malformed: [{ url: '/v1/ledger/verifications/1' }],
    unknown: { url: `/v1/ledger/verifications/${NO_EVENT}` },
    isSame: false,
  },
  'POST /v1/events': {
    good: post('/v1/events', [], { 'content-type': 'application/cloudevents-batch+json' }),
    status: 200,
    malformed: [
      post('/v1/events', {}),
      post('/v1/events', {}, { 'content-type': 'application/cloudevents+json' }),
      post('/v1/events', {}, { 'content-type': 'application/cloudevents-batch+json' }),
      post('/v1/events', [{}], { 'content-type': 'application/cloudevents-batch+json' }),
      post('/v1/events', '[', { 'content-type': 'application/cloudevents-batch+json' }),
      post('/v1/events', '{"id":1,"id":2}', { 'content-type': 'application/cloudevents+json' }),
      post('/v1/events', '<x/>', { 'content-type': 'application/xml' }),
    ],
    unknown: null,
    bodyLimit: 1_000_000,
  },
  'GET /v1/events/live': {
    good: { url: '/v1/events/live?after=-1' },
    status: 400,
    malformed: [{ url: '/v1/events/live?round=UPPER' }, { url: '/v1/events/live', headers: { 'last-event-id': 'x' } }],
    unknown: null,
    isSame: false,
  },
  'POST /v1/rounds': {
    good: post('/v1/rounds', { ...RUN, skip: ['no_such_part'] }),
    status: 404,
    malformed: notStrict('/v1/rounds', RUN),
    unknown: post('/v1/rounds', { estate: 'nobody' }),
    bodyLimit: 65_536,
    isSame: false,
  },
  'POST /v1/rounds/:id/reviews': {
    good: post(at('/reviews'), REVIEW),
    status: 409,
    malformed: [
      ...notStrict(at('/reviews'), REVIEW),
      post(at('/reviews'), { ...REVIEW, reviewer: 'me' }),
      post(at('/reviews'), { ...REVIEW, response: '***' }),
      post(at('/reviews'), { ...REVIEW, decision: 'maybe' }),
    ],
    unknown: post(at('/reviews', NONE), REVIEW),
    bodyLimit: 7_007_000,
    isSame: false,
  },
  'GET /v1/escrow': { ...list('/v1/escrow', 'estate=awoooi', [`round=${ROUND}`]), unknown: { url: `/v1/escrow?round=${NONE}` } },
  'POST /v1/escrow/dry-runs': {
    good: post('/v1/escrow/dry-runs', MARK),
    status: 201,
    malformed: [
      ...notStrict('/v1/escrow/dry-runs', MARK),
      post('/v1/escrow/dry-runs', { ...MARK, item: 'coffee' }),
      post('/v1/escrow/dry-runs', { ...MARK, evidence_id: 'TODO' }),
    ],
    unknown: post('/v1/escrow/dry-runs', { ...MARK, estate: 'nobody' }),
    bodyLimit: 65_536,
  },
  'POST /v1/escrow/markers': {
    good: post('/v1/escrow/markers', MARK),
    status: 412,
    malformed: notStrict('/v1/escrow/markers', MARK),
    unknown: post('/v1/escrow/markers', { ...MARK, estate: 'nobody' }),
    bodyLimit: 65_536,
    isSame: false,
  },
}
