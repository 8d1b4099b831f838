import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaSettings } from '../../ledger/kafka/kafka-settings.ts'
import { withAdmin } from '../../ledger/kafka/kafka-topics.ts'
import { REPOSITORY } from './markdown-blocks.ts'
import { freePort } from './sshd.ts'

const PROGRAM = join(REPOSITORY, 'cli/evidence.js')

/** A running `evidence project`. */
export type ProjectorProgram = {
  /** What its metrics say; 0 while it does not answer. Throws where it has ended. */
  metric: (name: string) => Promise<number>
  isLive: () => Promise<boolean>
  /** What it wrote to stderr so far. */
  errors: () => string
  /** Sends the signal and resolves with the exit code, null after SIGKILL. */
  end: (signal: NodeJS.Signals) => Promise<number | null>
}

/** Programs of one test file, on one Kafka and one store. */
export type ProjectorPrograms = {
  /** `user`: the name it gives to ClickHouse, by which a test tells its requests from others'. */
  start: (user?: string) => Promise<ProjectorProgram>
  /** Runs `evidence project --rebuild` to its end. */
  rebuild: (from: 'topic' | 'events') => { status: number | null; stdout: string; stderr: string }
  /** As `rebuild`, while this process goes on (it may be serving the store). */
  rebuildBeside: (from: 'topic' | 'events') => Promise<{ status: number | null; stdout: string; stderr: string }>
  /** Kills what still runs. */
  dispose: () => void
}

export function projectorPrograms(settings: KafkaSettings, clickhouseUrl: string, env: NodeJS.ProcessEnv = {}): ProjectorPrograms {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-programs-'))
  const config = join(folder, 'kafka.json')
  writeFileSync(config, JSON.stringify(settings))
  const children = new Set<ChildProcess>()
  const args = [PROGRAM, 'project', '--kafka-config', config, '--clickhouse', clickhouseUrl]
  const environment = { PATH: process.env.PATH, HOME: process.env.HOME, ...env }
  return {
    async start(user = 'default') {
      const port = await freePort()
      const child = spawn(process.execPath, [...args, '--listen', `127.0.0.1:${port}`], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...environment, EVIDENCE_CLICKHOUSE_USER: user },
      })
      children.add(child)
      return asProgram(child, `http://127.0.0.1:${port}`)
    },
    rebuild: (from) => spawnSync(process.execPath, [...args, '--rebuild', from], { encoding: 'utf8', env: environment }),
    async rebuildBeside(from) {
      const child = spawn(process.execPath, [...args, '--rebuild', from], { stdio: ['ignore', 'pipe', 'pipe'], env: environment })
      children.add(child)
      const said = { stdout: '', stderr: '' }
      child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString('utf8')))
      child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString('utf8')))
      await once(child, 'close')
      return { status: child.exitCode, ...said }
    },
    dispose() {
      for (const child of children) child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function asProgram(child: ChildProcess, url: string): ProjectorProgram {
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')))
  const ask = async (path: string): Promise<Response | null> => {
    if (child.exitCode !== null) throw new Error(`the projector ended: ${errors}`)
    return fetch(`${url}${path}`, { signal: AbortSignal.timeout(5000) }).catch(() => null)
  }
  return {
    async metric(name) {
      const text = (await (await ask('/metrics'))?.text()) ?? ''
      return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? 0)
    },
    errors: () => errors,
    isLive: async () => (await ask('/health/live'))?.status === 200,
    async end(signal) {
      if (child.exitCode !== null) throw new Error(`the projector ended by itself: ${errors}`)
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
      return child.exitCode
    },
  }
}

/** Is everything on the topic committed by the group? */
export async function isDrained(settings: KafkaSettings): Promise<boolean> {
  return withAdmin(settings, 'comparing offsets', async (admin) => {
    const ends = await admin.fetchTopicOffsets(settings.events_topic)
    const committed = (await admin.fetchOffsets({ groupId: settings.group_id, topics: [settings.events_topic] }))[0]?.partitions ?? []
    return ends.every(({ partition, high }) => high === '0' || committed.find((one) => one.partition === partition)?.offset === high)
  })
}

/** `PreparingRebalance` while members are waited for, `Stable` when partitions are given out. */
export async function groupState(settings: KafkaSettings): Promise<string> {
  return withAdmin(settings, 'looking at the group', async (admin) => (await admin.describeGroups([settings.group_id])).groups[0]?.state ?? 'none')
}

/** The time limit is the test's. */
export async function until(isDone: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isDone())) await sleep(100)
}
