import { KAFKA_VERSION } from './kafka-classpath.ts'
import { type KafkaProcess, startKafkaProcesses } from './kafka-process.ts'
import { freePort } from './sshd.ts'

/** A running Apache Kafka, good for one test file. */
export type KafkaBroker = {
  /** `host:port`, one a node. */
  brokers: readonly string[]
  /** `named`: a server of the user's; topics of earlier runs may be on it and it must not be killed. */
  kind: 'named' | 'docker' | 'process'
  /** Folder of the first node's partitions, where it is a process of ours. */
  dataDir: string | null
  /** SIGKILL of a node (0: the first); data and port stay. */
  kill: (node?: number) => Promise<void>
  /** Starts a killed node again. */
  restart: (node?: number) => Promise<void>
  stop: () => Promise<void>
}

/**
 * A real Kafka (KRaft), whichever of these is there first: the servers of EVIDENCE_KAFKA_BROKERS; a Docker engine
 * (testcontainers); Apache's own broker from Maven Central on the machine's Java. Null, with the reason printed, where
 * there is none. Tests that kill brokers pass `toKill` and then never get the user's servers.
 */
export async function startKafka(options: { nodes?: 1 | 3; toKill?: boolean } = {}): Promise<KafkaBroker | null> {
  const nodes = options.nodes ?? 1
  const named = process.env.EVIDENCE_KAFKA_BROKERS
  if (named !== undefined && named !== '' && !options.toKill) return asNamed(named.split(','))
  const reasons: string[] = []
  if (nodes === 1) {
    const container = await startContainer().catch((error: Error) => void reasons.push(`no Docker engine (${error.message})`))
    if (container) return container
  }
  const processes = await startKafkaProcesses(nodes).catch((error: Error) => void reasons.push(error.message))
  if (processes) return asBroker(processes)
  console.log(`KAFKA ABSENT: EVIDENCE_KAFKA_BROKERS is ${named === undefined ? 'not set' : 'not to be killed'}; ${reasons.join('; ')}`)
  return null
}

function asNamed(brokers: string[]): KafkaBroker {
  const refuse = async (): Promise<void> => {
    throw new Error('the servers of EVIDENCE_KAFKA_BROKERS are not ours to kill')
  }
  return { brokers, kind: 'named', dataDir: null, kill: refuse, restart: refuse, stop: async () => {} }
}

function asBroker(processes: KafkaProcess[]): KafkaBroker {
  const node = (i: number): KafkaProcess => {
    const found = processes[i]
    if (found === undefined) throw new Error(`no node ${i}`)
    return found
  }
  return {
    brokers: processes.map(({ address }) => address),
    kind: 'process',
    dataDir: node(0).dataDir,
    kill: (i = 0) => node(i).kill(),
    restart: (i = 0) => node(i).start(),
    async stop() {
      await Promise.all(processes.map((process) => process.dispose()))
    },
  }
}

/** Apache's image with its own port advertised on a fixed port of the loopback. */
async function startContainer(): Promise<KafkaBroker> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  await getContainerRuntimeClient()
  const port = await freePort()
  const container = await new GenericContainer(`apache/kafka:${KAFKA_VERSION}`)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_HEAP_OPTS: '-Xmx384m',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start()
  return {
    brokers: [`127.0.0.1:${port}`],
    kind: 'docker',
    dataDir: null,
    kill: async () => void (await container.stop({ timeout: 0, remove: false, removeVolumes: false })),
    restart: () => container.restart({ timeout: 0 }),
    stop: async () => void (await container.stop({ timeout: 0 })),
  }
}
