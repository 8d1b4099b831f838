import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { SUMMARIES } from '../../api/schemas/summaries.ts'
import { makeApi, ROUND } from '../support/api-harness.ts'
import { REPOSITORY, readBlocks } from '../support/markdown-blocks.ts'
import { CASES, EVENT } from './route-cases.ts'

const page = readFileSync(path.join(REPOSITORY, 'docs/api.md'), 'utf8')

it('docs/api.md names every route, and no other', () => {
  const named = new Set([...page.matchAll(/`((?:GET|POST) \/v1\/[^`]+)`/g)].map((match) => match[1]))
  expect([...named].toSorted()).toEqual(Object.keys(CASES).toSorted())
})

it('the description of the API says what every route is for', async () => {
  const { app } = await makeApi({ rounds: [] })
  const { paths } = (await app.inject('/docs/json')).json() as { paths: Record<string, Record<string, { summary?: string }>> }
  const told = Object.entries(paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => [`${method.toUpperCase()} ${url.replaceAll(/\{(\w+)\}/g, ':$1')}`, summary]),
  )
  const own = told.filter(([name]) => String(name).includes(' /v1/'))
  expect(Object.fromEntries(own)).toEqual(SUMMARIES)
  expect(Object.keys(SUMMARIES).toSorted()).toEqual(Object.keys(CASES).toSorted())
})

it('its program proves an event, and nothing else, with nothing but Node', async () => {
  const { app } = await makeApi()
  const folder = mkdtempSync(path.join(tmpdir(), 'evidence-proof-'))
  const program = readBlocks('docs/api.md').find((block) => block.info === 'js proof')?.text ?? ''
  writeFileSync(path.join(folder, 'check-proof.mjs'), program)
  const at = `/v1/rounds/${ROUND}/events/${EVENT}`
  const event = (await app.inject(at)).rawPayload
  const proof = (await app.inject(`${at}/proof`)).json()
  const root = /EVIDENCE_ROOT=(\w+)/.exec((await app.inject(`/v1/rounds/${ROUND}/summary.txt`)).body)?.[1] ?? ''
  const check = (bytes: Buffer, told: object, against: string): number | null => {
    writeFileSync(path.join(folder, 'event.json'), bytes)
    writeFileSync(path.join(folder, 'proof.json'), JSON.stringify(told))
    return spawnSync(process.execPath, ['check-proof.mjs', 'event.json', 'proof.json', against], { cwd: folder }).status
  }
  expect(check(event, proof, root)).toBe(0)
  expect(check(Buffer.concat([event, Buffer.from('\n')]), proof, root)).toBe(1)
  expect(check(event, { ...proof, index: proof.index + 1 }, root)).toBe(1)
  expect(check(event, { ...proof, proof: [...proof.proof, root] }, root)).toBe(1)
  expect(check(event, proof, proof.leaf_hash)).toBe(1)
})
