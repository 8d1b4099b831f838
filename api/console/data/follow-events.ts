import { ask } from './api-client.ts'
import { ApiProblem, isPassing } from './api-problem.ts'
import { EventStreamReader } from './event-stream.ts'
import type { LiveEvent } from './shapes.ts'

export type LiveState = 'connecting' | 'open' | 'waiting'
export type LiveListener = { onEvent: (event: LiveEvent) => void; onState: (state: LiveState, problem: ApiProblem | null) => void }

const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [500, 10_000]
/** Servers send a comment now and then; where nothing at all came for so long, the line is dead. */
const SILENCE_MS = 60_000

/**
 * Follows the events of a round, from its first one on, until the signal aborts; after a break it goes on behind the last event it got
 * (`Last-Event-ID`). By fetch and not EventSource, which cannot send a bearer token. Throws `ApiProblem` where going on is of no use (401, 403, 404).
 */
export async function followEvents(path: string, { onEvent, onState }: LiveListener, signal: AbortSignal): Promise<void> {
  let lastId = ''
  let wait = FIRST_WAIT_MS
  while (!signal.aborted) {
    let problem: ApiProblem | null = null
    try {
      onState('connecting', null)
      for await (const message of readStream(path, lastId, signal, () => onState('open', null))) {
        wait = FIRST_WAIT_MS
        lastId = message.id
        if (message.event === 'event') onEvent(JSON.parse(message.data) as LiveEvent)
      }
    } catch (error) {
      if (signal.aborted) return
      problem = error instanceof ApiProblem ? error : new ApiProblem('network', 'the stream broke off')
      if (!isPassing(problem)) throw problem
    }
    if (signal.aborted) return
    onState('waiting', problem)
    await pause(wait, signal)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }
}

async function* readStream(path: string, lastId: string, signal: AbortSignal, onOpen: () => void) {
  const silence = new AbortController()
  const headers: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId }
  const response = await ask(path, { accept: 'text/event-stream', headers, hasTimeout: false, signal: AbortSignal.any([signal, silence.signal]) })
  if (!(response.headers.get('content-type') ?? '').includes('text/event-stream') || response.body === null) {
    throw new ApiProblem('not_ours', 'the answer is no event stream', { status: response.status })
  }
  onOpen()
  const reader = new EventStreamReader()
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  try {
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      yield* reader.push(chunk)
    }
  } finally {
    clearTimeout(timer)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
