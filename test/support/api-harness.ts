import { constants, copyFileSync, existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { v7 } from 'uuid'
import { onTestFinished } from 'vitest'
import type { AccessPort } from '../../api/access/access-port.ts'
import { openConfiguredAccess } from '../../api/access/open-access.ts'
import { buildApp } from '../../api/app.ts'
import { openPorts } from '../../api/open-ports.ts'
import type { ApiPorts } from '../../api/ports.ts'
import type { ApiInstance, RouteGroup } from '../../api/route-group.ts'
import { parseServeConfig, type ServeConfig } from '../../api/serve-config.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { loadRecordedRounds, recordedRoundEvents } from '../../producers/recorded-round.ts'
import { projectRound } from '../../projector/project-round.ts'
import { openSqliteSnapshotStore } from '../../projector/sqlite-snapshot-store.ts'

export const ROUNDS_DIR = path.join(import.meta.dirname, '../../examples/awoooi/rounds')
/** A recorded round that every imported ledger holds, with open owner gates. */
export const ROUND = 'awoooi-post-reboot-readiness-20260627-115046'

export type TestApi = {
  readonly app: ApiInstance
  readonly ports: ApiPorts
  readonly config: ServeConfig
  /** Lines of the log so far, parsed. */
  readonly logs: readonly Record<string, unknown>[]
  /** The service's audit trail so far, flushed: the data of its events with their type. */
  readonly audited: () => Promise<readonly { type: string; data: Record<string, unknown> }[]>
  /** The log as text. */
  readonly logText: () => string
}
export type TestApiOptions = {
  /** Settings over the defaults. */
  config?: Record<string, unknown>
  /** Who asks; default: by `config`, so authentication off. */
  access?: AccessPort
  /** Files of examples/awoooi/rounds to import; default: june-26-to-27.yaml. */
  rounds?: readonly string[]
  /** A ledger that is there already. */
  ledger?: string
  /** Puts other adapters in the place of the real ones. */
  change?: (ports: ApiPorts) => ApiPorts
  /** Routes beside those of the service. */
  groups?: readonly RouteGroup[]
}

/**
 * The service over a real ledger file with recorded rounds in it; ask it with `app.inject`. Everything is closed when the
 * test ends.
 */
export async function makeApi(options: TestApiOptions = {}): Promise<TestApi> {
  const ledger = options.ledger ?? (await importedLedger(options.rounds))
  const config = parseServeConfig({ ledger, log_level: 'debug', port: 0, ...options.config })
  const around = { source: 'urn:evidence-ledger:host:test', now: () => new Date(), newId: () => v7(), onNote: () => undefined, env: {}, kafka: null }
  const opened = await openPorts(config, options.access ?? openConfiguredAccess(config, 'tester', around.now), around)
  const ports = options.change?.(opened.ports) ?? opened.ports
  const logs: Record<string, unknown>[] = []
  const lines: string[] = []
  const write = (line: string): void => {
    lines.push(line)
    logs.push(JSON.parse(line))
  }
  const app = await buildApp(ports, config, { write }, options.groups)
  onTestFinished(async () => {
    await app.close()
    await opened.close()
  })
  return { app, ports, config, logs, logText: () => lines.join(''), audited: () => readAudit(ports, config) }
}

/** As `makeApi`, listening on a free port of the loopback; `url` without a slash at the end. */
export async function listenApi(options: TestApiOptions = {}): Promise<TestApi & { url: string; port: number }> {
  const api = await makeApi(options)
  const url = await api.app.listen({ host: api.config.host, port: 0 })
  return { ...api, url, port: Number(new URL(url).port) }
}

/** Imported once for a test file; each test then has a copy. */
const templates = new Map<string, Promise<string>>()

/** A new ledger file with these recorded rounds, projected. */
export async function importedLedger(files: readonly string[] = ['june-26-to-27.yaml']): Promise<string> {
  const key = files.join()
  const template = templates.get(key) ?? importRounds(files)
  templates.set(key, template)
  const file = newLedgerFile()
  copyFileSync(await template, file, constants.COPYFILE_EXCL)
  return file
}

const newLedgerFile = (): string => path.join(mkdtempSync(path.join(tmpdir(), 'evidence-api-')), 'evidence.db')

/** Closed, so that the file is all there is. */
async function importRounds(files: readonly string[]): Promise<string> {
  const file = newLedgerFile()
  const ledger = openSqliteLedger({ path: file, mode: 'create' })
  const snapshots = openSqliteSnapshotStore({ path: file, mode: 'existing' })
  for (const name of files) {
    const { estate, rounds } = await loadRecordedRounds(path.join(ROUNDS_DIR, name))
    for (const round of rounds) {
      await ledger.append(recordedRoundEvents(round, estate.estate, estate.digest))
      await projectRound(ledger, round.id, { store: snapshots })
    }
  }
  snapshots.close()
  await ledger.close()
  if (existsSync(`${file}-wal`)) throw new Error('a closed ledger left a log beside its file')
  return file
}

async function readAudit({ audit }: ApiPorts, { ledger, audit_file }: ServeConfig) {
  await audit.flush()
  const trail = openSqliteLedger({ path: audit_file ?? `${ledger}.audit.db`, mode: 'readonly' })
  const events: { type: string; data: Record<string, unknown> }[] = []
  for await (const page of trail.readAll(0)) events.push(...page.map(({ text }) => JSON.parse(text)))
  await trail.close()
  return events.map(({ type, data }) => ({ type, data }))
}
