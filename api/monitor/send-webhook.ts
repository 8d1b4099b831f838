import { setTimeout as sleep } from 'node:timers/promises'
import { EvidenceError } from '../../schemas/errors.ts'

/** `reason` never holds the address: it may carry a token. */
export type Delivery = { readonly isDelivered: true; readonly status: number } | { readonly isDelivered: false; readonly reason: string }

/** Milliseconds: how long an answer may take, and the pauses before each further attempt. */
export type WebhookTimes = { readonly timeoutMs: number; readonly pausesMs: readonly number[] }
export const WEBHOOK_TIMES: WebhookTimes = { timeoutMs: 10_000, pausesMs: [1000, 3000] }

/** Throws `usage`, without the value. */
export function parseWebhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const isFit = url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === ''
  if (isFit) return url
  throw new EvidenceError('usage', 'the notify address is no http or https address without a user name', {
    remedy: 'its value is not shown, because it may hold a token',
  })
}

/**
 * POSTs JSON; only a 2xx is delivered. Silence, a broken connection, 429 and 5xx are tried again; redirects are not
 * followed, or a token would go to whoever the answer names. Never throws.
 */
export async function sendWebhook(url: URL, body: unknown, times: WebhookTimes, signal: AbortSignal): Promise<Delivery> {
  for (let attempt = 0; ; attempt++) {
    const { delivery, isWorthAnother } = await post(url, JSON.stringify(body), times.timeoutMs, signal)
    const pauseMs = times.pausesMs[attempt]
    if (delivery.isDelivered || !isWorthAnother || pauseMs === undefined || signal.aborted) return delivery
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

async function post(url: URL, body: string, timeoutMs: number, signal: AbortSignal): Promise<{ delivery: Delivery; isWorthAnother: boolean }> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const headers = { 'content-type': 'application/json', 'user-agent': 'evidence-ledger' }
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([signal, timeout]) })
    await answer.body?.cancel().catch(() => undefined)
    if (answer.ok) return { delivery: { isDelivered: true, status: answer.status }, isWorthAnother: false }
    return { delivery: { isDelivered: false, reason: `http ${answer.status}` }, isWorthAnother: answer.status === 429 || answer.status >= 500 }
  } catch (error) {
    return { delivery: { isDelivered: false, reason: timeout.aborted ? 'no answer in time' : networkCode(error) }, isWorthAnother: true }
  }
}

/** The code of the system only: messages name the address. */
function networkCode(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : 'no connection'
}
