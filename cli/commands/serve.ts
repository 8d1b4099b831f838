import { v7 } from 'uuid'
import { openAccess } from '../../api/access/access-port.ts'
import { loopbackPrincipal } from '../../api/access/principal.ts'
import { buildApp } from '../../api/app.ts'
import { openLocalPorts } from '../../api/open-ports.ts'
import { parseServeConfig } from '../../api/serve-config.ts'
import { type Answer, note } from '../output.ts'
import { producerSource } from '../record-decision.ts'

type Options = { ledger: string; host?: string; port?: number; estate: string[] }

/** `evidence serve`: the HTTP API and the console, until SIGTERM or SIGINT. */
export async function run(_args: [], options: Options): Promise<Answer> {
  const config = parseServeConfig({
    ledger: options.ledger,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
    estates: options.estate,
  })
  const around = { source: producerSource(), now: () => new Date(), newId: () => v7(), onNote: note }
  const { ports, close } = await openLocalPorts(config, openAccess(loopbackPrincipal('local')), around)
  try {
    const app = await buildApp(ports, config, process.stderr)
    const url = await app.listen({ host: config.host, port: config.port })
    note(`serving ${config.ledger} at ${url}`)
    await new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve())
    })
    await app.close()
  } finally {
    await close()
  }
  return 0
}
