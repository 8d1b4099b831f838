import { enableCompileCache } from 'node:module'
import { json } from 'node:stream/consumers'

/**
 * `node many-commands.ts` with command lines as a JSON array of arrays on stdin: runs the program's own `main` for each,
 * one after another in this one process, and prints as JSON what each wrote and its exit code.
 */
type Ran = { code: number; stdout: string; stderr: string }

enableCompileCache()
const { main } = await import('../../cli/main.ts')
const commandLines = (await json(process.stdin)) as string[][]
const write = process.stdout.write.bind(process.stdout)

function keep(stream: NodeJS.WriteStream): () => string {
  const chunks: Buffer[] = []
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    chunks.push(Buffer.from(chunk))
    const done = rest.at(-1)
    if (typeof done === 'function') done()
    return true
  }) as typeof stream.write
  return () => Buffer.concat(chunks).toString('utf8')
}

const answers: Ran[] = []
for (const args of commandLines) {
  process.exitCode = undefined
  const [stdout, stderr] = [keep(process.stdout), keep(process.stderr)]
  await main([process.execPath, 'evidence', ...args])
  // `main` listens for one life of the program.
  process.stdout.removeAllListeners('error')
  answers.push({ code: Number(process.exitCode ?? 0), stdout: stdout(), stderr: stderr() })
}
process.exitCode = 0
write(JSON.stringify(answers))
