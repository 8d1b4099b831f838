import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiPorts } from '../../api/ports.ts'
import type { ApiInstance } from '../../api/route-group.ts'
import type { ServeConfig } from '../../api/serve-config.ts'
import { consoleRoutesOf } from '../../api/serve-console.ts'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const folder = mkdtempSync(join(tmpdir(), 'evidence-dist-'))
const [built, absent] = [join(folder, 'dist'), join(folder, 'nothing')]
const apps: FastifyInstance[] = []
let app: FastifyInstance
beforeAll(async () => {
  mkdirSync(join(built, 'assets'), { recursive: true })
  writeFileSync(join(built, 'index.html'), '<!doctype html><title>console</title>')
  writeFileSync(join(built, 'assets/index-Abc_1-x9.js'), 'plain')
  writeFileSync(join(built, 'assets/index-Abc_1-x9.js.br'), 'brotli')
  writeFileSync(join(built, 'assets/icon.svg'), '<svg/>')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  app = await appOf(built)
})
afterAll(async () => {
  for (const one of apps) await one.close()
  rmSync(folder, { recursive: true, force: true })
})

async function appOf(dist: string): Promise<FastifyInstance> {
  const one = fastify()
  apps.push(one)
  one.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'not_found' }))
  consoleRoutesOf(dist)(one as unknown as ApiInstance, {} as ApiPorts, {} as ServeConfig)
  await one.ready()
  return one
}

describe('the console is served', () => {
  it.each(['/', '/rounds/a-round', '/compare?a=x&b=y', '/versions', '/%00', '/..%2f..%2fetc'])(
    'as one page at %s, under a policy without anything inline',
    async (url) => {
      const answer = await app.inject({ url, headers: BROWSER })
      expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([200, 'text/html; charset=utf-8', 'no-cache'])
      expect(answer.body).toContain('<title>console</title>')
      expect(answer.headers['content-security-policy']).toContain("script-src 'self'; style-src 'self';")
      expect(answer.headers['content-security-policy']).not.toContain('unsafe')
    },
  )

  it.each(['/v1', '/v1/nothing', '/docs/x', '/metrics/x', '/health/x', '/assets/none.js'])('and not at %s', async (url) => {
    const answer = await app.inject({ url, headers: BROWSER })
    expect([answer.statusCode, answer.json()]).toEqual([404, { code: 'not_found' }])
  })

  it('and not to programs, which get the problem they can read', async () => {
    for (const accept of [undefined, '*/*', 'application/json', 'text/html-not']) {
      expect((await app.inject({ url: '/nothing', headers: accept === undefined ? {} : { accept } })).statusCode).toBe(404)
    }
  })

  it('names with a digest may be kept for good, others are asked for again', async () => {
    const [script, icon] = [await app.inject('/assets/index-Abc_1-x9.js'), await app.inject('/assets/icon.svg')]
    expect([script.headers['cache-control'], icon.headers['cache-control']]).toEqual(['public, max-age=31536000, immutable', 'no-cache'])
    expect([script.body, script.headers['content-type']]).toEqual(['plain', 'application/javascript; charset=utf-8'])
  })

  it('compressed once, when it was built', async () => {
    const answer = await app.inject({ url: '/assets/index-Abc_1-x9.js', headers: { 'accept-encoding': 'br' } })
    expect([answer.body, answer.headers['content-encoding']]).toEqual(['brotli', 'br'])
  })

  it('and nothing beside its folder', async () => {
    for (const url of [
      '/assets/../secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/assets/....//secret.txt',
      '/assets/',
      '/assets/.',
    ]) {
      const answer = await app.inject({ url })
      expect([url, answer.statusCode >= 400, answer.body.includes('secret')]).toEqual([url, true, false])
    }
  })

  it('or, where it is not built, one line that says what to do', async () => {
    const answer = await (await appOf(absent)).inject({ url: '/', headers: BROWSER })
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([503, 'text/plain; charset=utf-8'])
    expect(answer.body).toMatch(/^The console is not built: run `npm run console`.*\n$/)
  })
})

it('what was built is small enough, and refers to nothing outside', () => {
  const dist = join(import.meta.dirname, '../../api/console/dist')
  const page = readFileSync(join(dist, 'index.html'), 'utf8')
  const entry = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1] ?? '')
  const sizes = entry.filter((name) => !name.endsWith('.svg')).map((name) => readFileSync(join(dist, `${name}.br`)).length)
  expect(page).not.toMatch(/https?:\/\/|<style|<script(?![^>]*src=)/)
  expect(sizes.length).toBeGreaterThan(2)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(220_000)
})
