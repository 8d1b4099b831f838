import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { followEvents, type LiveState } from '../../api/console/data/follow-events.ts'
import { signIn, signOut } from '../../api/console/data/session.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const servers: Server[] = []
afterEach(() => {
  signOut()
  for (const server of servers.splice(0)) server.close()
})

/** A server that answers each request with the next of these; the last one stays. */
async function serve(...answers: Answer[]): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    answers[Math.min(asked.length, answers.length) - 1]?.(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live`, asked }
}

const frame = (position: number): string => `id: ${position}\nevent: event\ndata: ${JSON.stringify({ position })}\n\n`
const stream =
  (text: string, isCut: boolean): Answer =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
    response.write(text, () => (isCut ? setTimeout(() => response.destroy(), 20) : undefined))
  }
const refuse =
  (status: number): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end('{"title":"no","code":"nope"}')
  }

it('goes on behind the last event after a break, with the token, and says that it is not connected meanwhile', async () => {
  const { url, asked } = await serve(stream(frame(7) + frame(8), true), refuse(503), stream(`: heartbeat\n\n${frame(9)}`, false))
  signIn('a-token')
  const [positions, states, stop] = [[] as number[], [] as LiveState[], new AbortController()]
  await followEvents(
    url,
    {
      onEvent: ({ position }) => {
        positions.push(position)
        if (position === 9) stop.abort()
      },
      onState: (state) => states.push(state),
    },
    stop.signal,
  )
  expect(positions).toEqual([7, 8, 9])
  expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '8', '8'])
  expect(asked.map(({ headers, url }) => [headers.authorization, url?.includes('a-token')])).toEqual(asked.map(() => ['Bearer a-token', false]))
  expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'waiting', 'connecting', 'open'])
})

it.each([401, 403, 404])('gives up where going on is of no use: %i', async (status) => {
  const { url, asked } = await serve(refuse(status))
  await expect(followEvents(url, { onEvent: () => undefined, onState: () => undefined }, new AbortController().signal)).rejects.toMatchObject({
    status,
    code: 'nope',
  })
  expect(asked).toHaveLength(1)
})

it('takes no other answer for a stream', async () => {
  const { url } = await serve((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>proxy</h1>'))
  await expect(followEvents(url, { onEvent: () => undefined, onState: () => undefined }, new AbortController().signal)).rejects.toMatchObject({
    kind: 'not_ours',
  })
})
