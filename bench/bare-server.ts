import fastify from 'fastify'

/**
 * The floor of `bench/api.ts`, as a process of its own: a fastify without any plugin that gives back the same bytes
 * under the same paths, takes bodies and throws them away, and writes lines to readers of /live.
 * Argument: JSON of `[path, content type, body]`s on stdin. Prints its URL.
 */
const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
const answers = JSON.parse(Buffer.concat(chunks).toString('utf8')) as [path: string, type: string, body: string][]

const app = fastify()
const byPath = new Map(answers.map(([path, type, body]) => [path, { type, body: Buffer.from(body) }]))
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.get('/*', async (request, reply) => {
  const answer = byPath.get(request.url)
  return answer === undefined ? reply.code(404).send() : reply.type(answer.type).send(answer.body)
})

const readers = new Set<NodeJS.WritableStream>()
app.get('/live', (_request, reply) => {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  readers.add(reply.raw)
  reply.raw.on('close', () => readers.delete(reply.raw))
})
app.post('/live', async (request, reply) => {
  for (const reader of readers) reader.write(request.body as Buffer)
  return reply.code(204).send()
})
app.post('/events', async (_request, reply) => reply.code(201).send({}))

process.once('SIGTERM', () => process.exit(0))
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
