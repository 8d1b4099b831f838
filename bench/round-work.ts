import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v7 } from 'uuid'
import { planRound, type RoundPorts } from '../api/actions/run-one-round.ts'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import type { SnapshotStore } from '../projector/snapshot-store.ts'
import { openSqliteSnapshotStore } from '../projector/sqlite-snapshot-store.ts'
import { createTestCa } from '../test/support/certificates.ts'

const SERVERS = new URL('./round-servers.ts', import.meta.url).pathname

/** What rounds of the bench look at: servers on the loopback, and a folder with files. */
export type RoundGround = {
  folder: string
  ports: { http: number; https: number; tcp: number }
  /** A file of one line, its line and its digest. */
  file: { path: string; line: string; sha256: string }
  /** A textfile collector's file with `bench_up 1`. */
  metrics: string
  caFile: string
  remove: () => void
}

export async function makeGround(): Promise<RoundGround> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-round-'))
  const ca = createTestCa()
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const [caFile, metrics, path] = [write('ca.pem', ca.caPem), write('bench.prom', 'bench_up 1\n'), write('version.txt', 'release 42\n')]
  const child = spawn(process.execPath, [SERVERS], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(ca.issue('127.0.0.1', '20260101000000Z', '20991231000000Z')))
  const ports = await new Promise<RoundGround['ports']>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString('utf8')) as RoundGround['ports']))
    child.once('exit', (code) => reject(new Error(`the servers of the bench ended with ${code}`)))
  })
  const remove = (): void => {
    child.kill('SIGKILL')
    ca.remove()
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, ports, file: { path, line: 'release 42', sha256: hash('sha256', 'release 42\n', 'hex') }, metrics, caFile, remove }
}

export type RoundStores = RoundPorts & { readonly snapshots: SnapshotStore; close(): Promise<void> }

/** The stores and wiring of rounds in this process, as `round run` opens them. */
export function openRoundStores(path: string): RoundStores {
  const ledger = openSqliteLedger({ path, mode: 'create' })
  const snapshots = openSqliteSnapshotStore({ path, mode: 'existing' })
  return {
    ledger,
    snapshots,
    source: 'urn:evidence-ledger:bench',
    now: () => new Date(),
    newId: v7,
    sshAgent: undefined,
    onProgress: () => undefined,
    signal: new AbortController().signal,
    close: async () => {
      snapshots.close()
      await ledger.close()
    },
  }
}

let rounds = 0
/** A plan with an id of its own: ids of the clock are by the second. */
export function planBenchRound(loaded: Parameters<typeof planRound>[0]): ReturnType<typeof planRound> {
  return planRound(loaded, { id: `bench-${++rounds}`, operator: 'bench' }, new Date())
}
