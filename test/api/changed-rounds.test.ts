import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { importedLedger, makeApi } from '../support/api-harness.ts'
import { makeRound } from '../support/make-events.ts'

const LIST = '/v1/rounds?estate=test'
const LISTS = [LIST, '/v1/rounds?integrity=verified', '/v1/estates', '/v1/history/as-of?estate=test&moment=2100-01-01']

function change(path: string, sql: string): void {
  const db = new DatabaseSync(path)
  db.exec(`DROP TRIGGER events_update; ${sql}`)
  db.close()
}

function ofEvent(type: string, from: string, to: string): string {
  return `UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), '${from}', '${to}') AS BLOB)
    WHERE CAST(payload AS TEXT) LIKE '%"subject":"changed"%' AND CAST(payload AS TEXT) LIKE '%"type":"${type}"%'`
}

/** A ledger with one verified round, which the service has listed, so that its row is stored. */
async function listedRound() {
  const path = await importedLedger()
  const api = await makeApi({ ledger: path })
  await api.ports.ledger.append(makeRound('changed', 2))
  const { rows } = (await api.app.inject(LIST)).json()
  expect(rows).toMatchObject([{ artifact_id: 'changed', integrity: 'verified' }])
  return { path, api, rows }
}

describe.each([
  ['that listed it before', true],
  ['that starts after it', false],
])('a round that was changed in the file after it was stored, and a service %s', (_name, isSame) => {
  it('is in no list as it was, and stands among the unfinished, where its evidence was changed', async () => {
    const { path, api } = await listedRound()
    change(path, ofEvent('evidence.tcp.observed.v1', '"outcome":"ok"', '"outcome":"no"'))
    const { app } = isSame ? api : await makeApi({ ledger: path })
    const answers = await Promise.all([...LISTS, '/v1/rounds/unfinished'].map(async (url) => (await app.inject(url)).body))
    for (const answer of answers.slice(0, -1)) expect(answer).not.toContain('"changed"')
    expect(JSON.parse(answers.at(-1) ?? '').rows).toMatchObject([{ artifact_id: 'changed', integrity: 'mismatch' }])
  })

  it('is in no list at all where it is a round no more', async () => {
    const { path, api } = await listedRound()
    change(path, ofEvent('round.opened.v1', '"specversion":"1.0"', '"specversion":"2.0"'))
    const { app } = isSame ? api : await makeApi({ ledger: path })
    for (const url of LISTS) expect((await app.inject(url)).body).not.toContain('"changed"')
  })

  it.each(['overall', 'digest'])('is listed as its events say where the stored %s was changed', async (column) => {
    const { path, api, rows } = await listedRound()
    change(path, `UPDATE history_rounds SET ${column} = 'SERVICE_AVAILABLE_DEGRADED' WHERE artifact_id = 'changed'`)
    const { app } = isSame ? api : await makeApi({ ledger: path })
    expect((await app.inject(LIST)).json().rows).toEqual(rows)
  })
})
