import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { validate } from '@readme/openapi-parser'
import { expect, it } from 'vitest'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { listenApi, ROUND } from '../support/api-harness.ts'

/**
 * Schemathesis (PyPI, a foreign tool) makes requests from the description that the service gives of itself, good ones
 * and bad ones, and holds each answer to that description. `EVIDENCE_SCHEMATHESIS` names the program, else `st` of the PATH.
 */
const TOOL = process.env.EVIDENCE_SCHEMATHESIS ?? 'st'
const isThere = /^st(, version)? \d/.test(String(spawnSync(TOOL, ['--version']).stdout))
if (!isThere) console.warn('SUITE ABSENT: fuzzing of the API: no schemathesis (pip install schemathesis; EVIDENCE_SCHEMATHESIS names it)')

/** Requests an operation, for each phase; more by hand: EVIDENCE_FUZZ_EXAMPLES=200. */
const EXAMPLES = process.env.EVIDENCE_FUZZ_EXAMPLES ?? '15'
const CHECKS = 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method,allow_header_conformance'
const UNLIMITED = { requests_per_minute: 1_000_000, log_level: 'warn' }

it('describes itself in valid OpenAPI 3.1', async () => {
  const { app } = await listenApi({ config: UNLIMITED })
  const document = (await app.inject({ url: '/docs/json' })).json()
  expect(document.openapi).toMatch(/^3\.1\./)
  const result = await validate(structuredClone(document))
  expect(result).toMatchObject({ valid: true })
  expect(Object.keys(document.paths).length).toBeGreaterThan(30)
})

it.runIf(isThere)(
  'answers what schemathesis asks as its description says, never with a fault of its own',
  async () => {
    const { app, ports, url, config, logs } = await listenApi({ config: UNLIMITED })
    const history = (await app.inject({ url: `/v1/rounds/${ROUND}/events?limit=5` })).json() as { rows: { id: string }[] }
    const data = dataOf(
      await ports.ledger.roundIds(),
      history.rows.map(({ id }) => id),
    )
    const { code, output } = await fuzz(url, data)
    expect(code, output).toBe(0)
    // It asked for real, and nothing that it sent is in the way of the ledger.
    expect(output).toMatch(/Operations:\s+\d{2}/)
    expect(logs.filter(({ level }) => Number(level) >= 50)).toEqual([])
    expect(await verifyLedger(config.ledger)).toMatchObject({ ok: true })
  },
  240_000,
)

/** Half of the requests are about what there is: junk alone would never come further than 404. */
function dataOf(rounds: readonly string[], events: readonly string[]): string {
  const bound = {
    'path.id': 'rounds',
    'path.a': 'rounds',
    'path.b': 'rounds',
    'path.event_id': 'events',
    'query.policy': 'policies',
    'query.estate': 'estates',
  }
  const words = { rounds, events, policies: ['sop@1.24', 'sop@1.57', 'sop@1.78'], estates: ['awoooi'] }
  const tables = Object.entries(words).map(([name, values]) => `[dictionaries.${name}]\nvalues = ${JSON.stringify(values)}\n`)
  return `${tables.join('')}[parameters]\n${Object.entries(bound)
    .map(([parameter, name]) => `"${parameter}" = { dictionary = "${name}", probability = 0.5 }\n`)
    .join('')}`
}

function fuzz(url: string, data: string): Promise<{ code: number | null; output: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'evidence-fuzz-'))
  writeFileSync(path.join(folder, 'schemathesis.toml'), data)
  // Live events never end and have tests of their own (routes-live.test.ts).
  const args = ['run', `${url}/docs/json`, '--url', url, '--checks', CHECKS, '--max-examples', EXAMPLES, '--phases', 'examples,coverage,fuzzing']
  const more = ['--exclude-path', '/v1/events/live', '--generation-database', 'none', '--request-timeout', '20', '--no-color', '--continue-on-failure']
  const child = spawn(TOOL, [...args, ...more], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      rmSync(folder, { recursive: true, force: true })
      resolve({ code, output })
    })
  })
}
