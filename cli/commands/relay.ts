import { runRelay } from '../../ledger/relay.ts'
import { openRelayState } from '../../ledger/relay-state.ts'
import { type KafkaOptions, readKafkaOptions } from '../kafka-options.ts'
import { type Answer, note, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

type Options = KafkaOptions & { ledger: string; follow?: boolean; verify?: boolean; json?: boolean }

/** `evidence relay`: the local ledger to Kafka. With `--follow` it ends on SIGINT or SIGTERM, and not before. */
export async function run(_args: [], options: Options): Promise<Answer> {
  const settings = await readKafkaOptions(options)
  const { connectRelayTopic } = await import('../../ledger/kafka/kafka-relay-topic.ts')
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    await withLedger(options.ledger, 'existing', async (ledger) => {
      const state = openRelayState(options.ledger)
      try {
        const { follow = false, verify = false } = options
        const result = await runRelay({ ledger, state, connect: () => connectRelayTopic(settings), follow, verify, signal: stop.signal, note })
        const lag = (await ledger.stats()).lastPosition - result.position
        const { target, position, sent, resentRounds, differingRounds } = result
        const text = `relayed ${sent} events to ${target ?? 'nowhere'}\nposition ${position}, lag ${lag}\nrounds sent again ${resentRounds}, differing ${differingRounds}\n`
        printResult(options.json, { target, position, lag, sent, resent_rounds: resentRounds, differing_rounds: differingRounds }, text)
      } finally {
        state.close()
      }
    })
    return 0
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}
