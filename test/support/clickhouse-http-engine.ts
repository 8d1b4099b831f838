import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { Session } from 'chdb'

/**
 * `node clickhouse-http-engine.ts DIR`: the real ClickHouse engine of the package chdb behind as much of ClickHouse's
 * HTTP interface as its client uses (statement in the address or the body, `param_…`, settings, GET /ping). A program of
 * its own, so that it can be killed. Prints its port. What only a server has (users, rights, profiles) it has not:
 * name and password are not looked at.
 */
const [folder = ''] = process.argv.slice(2)
/** Keys of the address that are no settings of the engine. */
const NOT_SETTINGS = new Set(['query', 'query_id', 'database', 'session_id', 'wait_end_of_query', 'enable_http_compression'])
const literal = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

// Keeps the engine alive between requests.
const engine = new Session(folder)

const server = createServer(async (request, response) => {
  const { status, body } = await answer(request)
  response.writeHead(status, { 'content-type': 'text/plain; charset=UTF-8' }).end(body)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`)
})
// The test that started us is gone.
process.stdin.resume().once('end', () => {
  engine.close()
  process.exit()
})

async function answer(request: IncomingMessage): Promise<{ status: number; body: Uint8Array | string }> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://engine')
  const sent = await text(request)
  if (pathname === '/ping') return { status: 200, body: 'Ok.\n' }
  const given = searchParams.get('query')
  const settings = [...searchParams].filter(([name]) => !NOT_SETTINGS.has(name)).map(([name, value]) => `SET ${name} = ${literal(value)}; `)
  // A session for each request, as a server does it: settings and parameters of one are gone with it.
  const session = new Session(folder)
  try {
    const result = await session.queryAsync(`${settings.join('')}${given === null ? sent : `${given}\n${sent}`}`)
    return { status: 200, body: result.bytes() }
  } catch (error) {
    return { status: 500, body: error instanceof Error ? error.message : 'unknown error' }
  } finally {
    session.close()
  }
}
