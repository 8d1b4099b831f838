import { userInfo } from 'node:os'
import { v7 } from 'uuid'
import { assertBoundTo, assertMayListen } from '../../api/access/may-listen.ts'
import { openConfiguredAccess } from '../../api/access/open-access.ts'
import { buildApp } from '../../api/app.ts'
import { openPorts } from '../../api/open-ports.ts'
import type { ApiInstance } from '../../api/route-group.ts'
import type { ServeConfig } from '../../api/serve-config.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type KafkaOptions, readKafkaOptions } from '../kafka-options.ts'
import { type Answer, note } from '../output.ts'
import { producerSource } from '../record-decision.ts'
import { readServeOptions, type ServeOptions } from '../serve-options.ts'

/**
 * `evidence serve`: the HTTP API and the console, until SIGTERM or SIGINT. Then requests at hand are finished, live
 * readers are let go and the audit trail is flushed; a second signal, or `shutdown_timeout_s`, cuts what is left.
 */
export async function run(_args: [], options: ServeOptions): Promise<Answer> {
  const config = await readServeOptions(options)
  const now = (): Date => new Date()
  const access = openConfiguredAccess(config, userName(), now)
  await assertMayListen(config, access)
  const kafka = config.brokers === null && config.kafka_config === null ? null : await readKafkaOptions(kafkaOptions(config))
  const around = { source: producerSource(), now, newId: () => v7(), onNote: note, env: process.env, kafka }
  const { ports, close } = await openPorts(config, access, around)
  try {
    const app = await buildApp(ports, config, process.stderr)
    try {
      const url = await listen(app, config)
      assertBoundTo(
        app.addresses().map((one) => (typeof one === 'string' ? one : one.address)),
        access,
      )
      note(`serving ${config.ledger} at ${url}, authentication ${access.auth}`)
      if (access.auth !== 'off' && config.tls === null) note('tokens come over plain HTTP: put TLS in front, or configure tls (docs/api-access.md)')
      await signal()
      note('stopping')
    } finally {
      await stop(app, config)
    }
  } finally {
    await close()
  }
  return 0
}

/** Brokers of the environment count only beside a Kafka file: alone they must not turn a local service into one on Kafka. */
function kafkaOptions({ brokers, kafka_config }: ServeConfig): KafkaOptions {
  const named = brokers ?? process.env.EVIDENCE_KAFKA_BROKERS?.split(',').filter((one) => one !== '')
  return { ...(named === undefined ? {} : { brokers: named }), ...(kafka_config === null ? {} : { kafkaConfig: kafka_config }) }
}

async function listen(app: ApiInstance, { host, port }: ServeConfig): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why =
      code === 'EADDRINUSE' ? 'the port is in use' : code === 'EACCES' ? 'not permitted' : code === 'EADDRNOTAVAIL' ? 'no address of this machine' : code
    throw new EvidenceError('usage', `cannot listen on ${host}:${port}: ${why ?? 'unknown'}`, { remedy: 'choose another --host or --port', cause: error })
  }
}

/** After the timeout, or a second signal, connections are cut; what they were doing is then as after a crash. */
async function stop(app: ApiInstance, { shutdown_timeout_s }: ServeConfig): Promise<void> {
  const cut = (): void => app.server.closeAllConnections()
  const timer = setTimeout(cut, shutdown_timeout_s * 1000)
  process.once('SIGINT', cut).once('SIGTERM', cut)
  try {
    await app.close()
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', cut).off('SIGTERM', cut)
  }
}

function signal(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (): void => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
      resolve()
    }
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  })
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without a name, as in some containers.
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}
