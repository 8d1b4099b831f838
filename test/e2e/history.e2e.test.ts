import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../../projector/clickhouse/migrate.ts'
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
  beforeAll(async () => {
    for (const file of globSync('examples/awoooi/rounds/*.yaml', { cwd: REPOSITORY })) {
      execFileSync(process.execPath, ['cli/evidence.js', 'round', 'import', file, '--ledger', ledger], { cwd: REPOSITORY })
    }
    await fillClickhouse()
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(QUESTIONS.map((question) => [question.join(' '), question] as const))('%s: the same from the ledger and from ClickHouse', (_name, question) => {
    for (const form of [[], ['--json']]) {
      const [local, remote] = [evidence('history', ...question, ...form), evidence('history', ...question, ...form, '--clickhouse', url)]
      expect(remote).toEqual(local)
      expect([local.status, local.stderr, local.stdout.length > 50]).toEqual([0, '', true])
    }
  })

  it('exits 1 where nothing is found and 2 for what is no question', () => {
    expect(evidence('history', 'rounds', '--estate', 'nobody')).toMatchObject({ status: 1, stdout: 'nothing found\n' })
    expect(evidence('history', 'rounds', '--after', 'xx')).toMatchObject({ status: 2 })
    expect(evidence('history', 'as-of', 'awoooi', 'yesterday')).toMatchObject({ status: 2 })
  })

  it('is made again from the events alone', () => {
    const before = QUESTIONS.map((question) => evidence('history', ...question, '--json').stdout)
    expect(evidence('history', 'rebuild')).toMatchObject({ status: 0, stdout: 'history made again from 30 rounds\n' })
    expect(QUESTIONS.map((question) => evidence('history', ...question, '--json').stdout)).toEqual(before)
  })
})
