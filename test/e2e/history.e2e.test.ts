import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../../projector/clickhouse/migrate.ts'
import { type Ran, runMany } from '../cli/run-program.ts'
import { loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { toHistoryRound, toRawEvents } from '../support/history-data.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

const folder = mkdtempSync(join(tmpdir(), 'history-e2e-'))
const ledger = join(folder, 'evidence.db')
const url = `chdb:${join(folder, 'chdb')}`

function evidence(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, EVIDENCE_LEDGER: ledger }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['cli/evidence.js', ...args], { cwd: REPOSITORY, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const all = (commandLines: string[][]): Ran[] => runMany(REPOSITORY, commandLines, { env: { EVIDENCE_LEDGER: ledger } })

const QUESTIONS = [
  ['rounds', '--limit', '5'],
  ['rounds', '--overall', 'BLOCKED'],
  ['events', 'awoooi-post-reboot-readiness-20260627-115046'],
  ['key', 'awoooi', 'SERVICE_GREEN'],
  ['check', 'awoooi', 'delegated-quick-check'],
  ['allowed', 'awoooi', '--from', '2026-06-20'],
  ['as-of', 'awoooi', '2026-06-20'],
  ['not-passed', 'awoooi', 'delegated-cold-start'],
  ['search', 'MOMO', '--to', '2026-06-26'],
  ['counts'],
]

async function fillClickhouse(): Promise<void> {
  const clickhouse = await openClickhouse(readClickhouseConfig({ EVIDENCE_CLICKHOUSE_URL: url }))
  await migrateClickhouse(clickhouse)
  const store = buildClickhouseProjectionStore(clickhouse)
  for (const { events } of (await loadRecordedCorpus()).values()) {
    await store.saveEvents(toRawEvents(events))
    await store.saveSnapshots([{ snapshot: toHistoryRound(events).snapshot, isFinal: true }])
  }
  await store.close()
}

describe('evidence history', () => {
  const asked = QUESTIONS.flatMap((question) => [[], ['--json']].map((form) => ['history', ...question, ...form]))
  let local: Ran[] = []
  let remote: Ran[] = []
  beforeAll(async () => {
    const files = globSync('examples/awoooi/rounds/*.yaml', { cwd: REPOSITORY })
    for (const { code, stderr } of all(files.map((file) => ['round', 'import', file, '--ledger', ledger]))) expect(code, stderr).toBe(0)
    await fillClickhouse()
    local = all(asked)
    remote = all(asked.map((args) => [...args, '--clickhouse', url]))
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(asked.map((args, n) => [args.slice(1).join(' '), n] as const))('%s: the same from the ledger and from ClickHouse', (_name, n) => {
    expect(remote[n]).toEqual(local[n])
    expect(local[n]).toEqual({ code: 0, stderr: '', stdout: expect.stringMatching(/^[\s\S]{51}/) })
  })

  it('and so it is for who starts the program', () => {
    const question = ['history', 'as-of', 'awoooi', '2026-06-20']
    const { status: code, ...said } = evidence(...question, '--clickhouse', url)
    expect([{ code, ...said }]).toEqual(all([question]))
  })

  it('exits 1 where nothing is found and 2 for what is no question', () => {
    expect(evidence('history', 'rounds', '--estate', 'nobody')).toMatchObject({ status: 1, stdout: 'nothing found\n' })
    expect(evidence('history', 'rounds', '--after', 'xx')).toMatchObject({ status: 2 })
    expect(evidence('history', 'as-of', 'awoooi', 'yesterday')).toMatchObject({ status: 2 })
  })

  it('is made again from the events alone', () => {
    const questions = QUESTIONS.map((question) => ['history', ...question, '--json'])
    const before = all(questions)
    expect(before.map(({ code }) => code)).toEqual(QUESTIONS.map(() => 0))
    expect(evidence('history', 'rebuild')).toMatchObject({ status: 0, stdout: 'history made again from 30 rounds\n' })
    expect(all(questions)).toEqual(before)
  })
})
