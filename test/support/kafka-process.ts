import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { kafkaClasspath } from './kafka-classpath.ts'
import { freePort } from './sshd.ts'

const run = promisify(execFile)
const START_MS = 60_000
/** Small and quick to start; classes of released jars need no verification. */
const JVM = [
  ...['-Xms96m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+UnlockDiagnosticVMOptions', '-XX:-BytecodeVerificationRemote'],
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
]

/** One node of Apache Kafka (KRaft: broker and controller) as a process of its own, with a data directory of its own. */
export type KafkaProcess = {
  address: string
  dataDir: string
  /** Starts it on its data directory and port and waits until the port takes connections. */
  start: () => Promise<void>
  /** SIGKILL; data stays. */
  kill: () => Promise<void>
  /** Ends it and deletes its data. */
  dispose: () => Promise<void>
}

/** How clients reach a node, where it is not plain text: the protocol and the server properties that go with it. */
export type KafkaListener = { protocol: 'SSL' | 'SASL_SSL'; properties: readonly string[] }

/** `count` nodes that know each other, formatted, started. A port that was free may be taken a moment later: three tries. */
export async function startKafkaProcesses(count: number, listener: KafkaListener | null = null): Promise<KafkaProcess[]> {
  const lib = await kafkaClasspath()
  for (let tries = 1; ; tries++) {
    try {
      return await startNodes(lib, count, listener)
    } catch (error) {
      if (tries === 3) throw error
      console.log(`Kafka is started once more: ${String(error).split('\n')[0]?.slice(0, 200)}`)
    }
  }
}

async function startNodes(lib: string, count: number, listener: KafkaListener | null): Promise<KafkaProcess[]> {
  const ports: { broker: number; controller: number }[] = []
  for (let i = 0; i < count; i++) ports.push({ broker: await freePort(), controller: await freePort() })
  const voters = ports.map(({ controller }, i) => `${i + 1}@127.0.0.1:${controller}`).join(',')
  // Kafka's tool takes an id that begins with a dash for an option.
  const clusterId = `e${Buffer.from(crypto.getRandomValues(new Uint8Array(16)))
    .toString('base64url')
    .slice(1)}`
  const nodes = ports.map((port, i) => createNode(lib, clusterId, configOf(i + 1, port, voters, count, listener)))
  try {
    await Promise.all(nodes.map((node) => node.start()))
    return nodes
  } catch (error) {
    await Promise.allSettled(nodes.map((node) => node.dispose()))
    throw error
  }
}

type NodeConfig = { address: string; text: (dir: string) => string }

function configOf(id: number, port: { broker: number; controller: number }, voters: string, count: number, listener: KafkaListener | null): NodeConfig {
  const brokerProtocol = listener?.protocol ?? 'PLAINTEXT'
  const address = `127.0.0.1:${port.broker}`
  const text = (dir: string): string =>
    [
      'process.roles=broker,controller',
      `node.id=${id}`,
      `controller.quorum.voters=${voters}`,
      'controller.listener.names=CONTROLLER',
      `listeners=CLIENTS://${address},CONTROLLER://127.0.0.1:${port.controller}`,
      `advertised.listeners=CLIENTS://${address}`,
      `listener.security.protocol.map=CLIENTS:${brokerProtocol},CONTROLLER:PLAINTEXT`,
      'inter.broker.listener.name=CLIENTS',
      ...(listener?.properties ?? []),
      `log.dirs=${join(dir, 'data')}`,
      'auto.create.topics.enable=false',
      'delete.topic.enable=true',
      `offsets.topic.replication.factor=${count}`,
      `offsets.topic.num.partitions=4`,
      `transaction.state.log.replication.factor=${count}`,
      'transaction.state.log.num.partitions=1',
      `transaction.state.log.min.isr=${count > 1 ? 2 : 1}`,
      'share.coordinator.state.topic.replication.factor=1',
      'share.coordinator.state.topic.min.isr=1',
      'group.initial.rebalance.delay.ms=0',
      // A restarted node waits until its killed self is forgotten.
      'broker.heartbeat.interval.ms=500',
      'broker.session.timeout.ms=2000',
      'log.segment.delete.delay.ms=1000',
      '',
    ].join('\n')
  return { address, text }
}

function createNode(lib: string, clusterId: string, config: NodeConfig): KafkaProcess {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-kafka-'))
  const file = join(dir, 'server.properties')
  writeFileSync(file, config.text(dir))
  const java = [...JVM, '-cp', join(lib, '*')]
  let child: ChildProcess | null = null
  let isFormatted = false
  const killNow = (): void => void child?.kill('SIGKILL')
  process.once('exit', killNow)
  const kill = async (): Promise<void> => {
    const dying = child
    child = null
    if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return
    const ended = new Promise((resolve) => dying.once('exit', resolve))
    dying.kill('SIGKILL')
    await ended
  }
  return {
    address: config.address,
    dataDir: join(dir, 'data'),
    kill,
    async start() {
      if (!isFormatted) await run('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file])
      isFormatted = true
      child = launch([...java, 'kafka.Kafka', file], join(dir, 'server.log'))
      await untilReady(child, config.address, join(dir, 'server.log'))
    },
    async dispose() {
      await kill()
      process.off('exit', killNow)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function launch(args: string[], logFile: string): ChildProcess {
  const log = openSync(logFile, 'a')
  const child = spawn('java', args, { stdio: ['ignore', log, log], env: { PATH: process.env.PATH ?? '' } })
  closeSync(log)
  return child
}

async function untilReady(child: ChildProcess, address: string, logFile: string): Promise<void> {
  const deadline = performance.now() + START_MS
  while (!(await takesConnections(address))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`Kafka did not start: ${readFileSync(logFile, 'utf8').slice(-2000)}`)
    await sleep(100)
  }
}

async function takesConnections(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  return await new Promise((resolve) => {
    const socket = connect({ host: host ?? '', port: Number(port) })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
