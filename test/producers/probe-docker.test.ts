import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLine } from '../../producers/commands/catalogue.ts'
import { probeDocker } from '../../producers/probes/docker.ts'
import { dockerUnmet } from '../../schemas/expectations/docker.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
const ago = (seconds: number): string => new Date(AT.getTime() - seconds * 1000).toISOString()
type Container = FactsOf<'docker'>['containers'][number]
const API: Container = { name: 'shop-api', status: 'running', health: 'healthy', restarts: 0, started_at: ago(600), exit_code: 0, oom_killed: false }
const settings = { containers: ['shop-api'], max_restarts: 2 }
const unmet = (change: Partial<Container>, more: Record<string, unknown> = {}) =>
  dockerUnmet(makeCheck('docker', { ...settings, ...more }), { containers: [{ ...API, ...change }] }, AT)

describe('docker expectation', () => {
  it('is met by a container that runs, is healthy and is not young', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ health: null, restarts: 2, started_at: ago(120) })).toEqual([])
    expect(unmet({ started_at: ago(1) }, { warm_up_s: 0 })).toEqual([])
  })

  it.each<[string, Partial<Container>, Record<string, unknown>, string]>([
    ['an absent container', { status: 'absent' }, {}, 'container shop-api does not exist'],
    ['one that ended', { status: 'exited', exit_code: 137, oom_killed: true }, {}, 'container shop-api is exited with exit code 137, out of memory'],
    ['one that was only created', { status: 'created', exit_code: null }, {}, 'container shop-api is created'],
    ['one that is paused', { status: 'paused' }, {}, 'container shop-api is paused with exit code 0'],
    ['one that restarts', { status: 'restarting', restarts: 14 }, {}, 'container shop-api is in a restart loop, restarted 14 times'],
    ['an unhealthy one', { health: 'unhealthy' }, {}, 'container shop-api is unhealthy'],
    ['one whose health starts', { health: 'starting' }, {}, 'container shop-api is starting'],
    ['one without the required health check', { health: null }, { health: 'required' }, 'container shop-api has no health check'],
    ['too many restarts', { restarts: 3 }, {}, 'container shop-api was restarted 3 times > 2'],
    ['unknown restarts', { restarts: null }, {}, 'not observed: restarts of shop-api'],
    ['a young one', { started_at: ago(45) }, {}, 'container shop-api is warming up: up 45 s < 120 s'],
    ['a young one that was restarted', { started_at: ago(5), restarts: 1 }, {}, 'container shop-api is in a restart loop, restarted 1 times: up 5 s < 120 s'],
    ['an unknown start', { started_at: null }, {}, 'not observed: start of shop-api'],
    ['a start in the future', { started_at: ago(-900) }, { warm_up_s: 0 }, 'container shop-api started in the future'],
    ['another name', { name: 'shop-apix' }, {}, 'not observed: container shop-api'],
  ])('is not met by %s', (_what, change, more, reason) => {
    expect(unmet(change, more)).toContain(reason)
  })

  it('is not met by no containers', () => {
    expect(dockerUnmet(makeCheck('docker', settings), { containers: [] }, AT)).toEqual(['not observed: container shop-api'])
  })
})

const LINE =
  '{"name":"/shop-api","status":"running","exit_code":0,"oom_killed":false,"started_at":"2026-06-27T03:00:00.123456789Z","restarts":0,"health":"healthy"}'
const check = makeCheck('docker', { host: 'h1', containers: ['shop-api'] })
const two = makeCheck('docker', { host: 'h1', containers: ['shop-api', 'shop-db'] })

describe('docker probe over ssh, with a stand-in for docker', () => {
  let host: StandInHost
  beforeAll(async () => {
    host = await startStandInHost()
  })
  afterAll(() => host.stop())
  const look = (which = check, timeoutMs = 8000) => probeDocker(which, makeContext({ transport: host.transport, timeoutMs, now: () => AT }))

  it('reads a healthy container', async () => {
    host.put('docker', says(LINE))
    const { facts, met, target } = await look()
    expect(FACTS.docker.parse(facts)).toEqual(facts)
    expect(facts.containers).toEqual([{ ...API, started_at: '2026-06-27T03:00:00.123Z' }])
    expect([met, target]).toEqual([true, 'h1'])
  })

  it('reports the absent beside the present', async () => {
    host.put('docker', says(LINE, 1, 'Error: No such container: shop-db'))
    expect(await look(two)).toMatchObject({
      met: false,
      facts: {
        containers: [
          { name: 'shop-api', status: 'running' },
          { name: 'shop-db', status: 'absent' },
        ],
      },
    })
  })

  it('takes no container of another name, found by the start of its id', async () => {
    host.put('docker', says(LINE.replace('/shop-api', '/other'), 1, 'Error: No such container: x'))
    expect(await look()).toMatchObject({ met: false, facts: { containers: [{ name: 'shop-api', status: 'absent' }] } })
  })

  it('knows no start of a container that never started', async () => {
    host.put('docker', says(LINE.replace(/2026-06-27T[^"]*/u, '0001-01-01T00:00:00Z').replace('running', 'created')))
    expect(await look()).toMatchObject({ met: false, facts: { containers: [{ status: 'created', started_at: null }] } })
  })

  it.each([
    [
      'no engine',
      says('', 1, 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'),
      /^exit_status exec: docker: Cannot connect/u,
    ],
    ['no permission', says('', 1, 'permission denied while trying to connect to the Docker daemon socket'), /^permission exec: /u],
    ['no docker', 'exit 127\n', /^exit_status exec: docker: exit code 127/u],
    ['nothing', says(''), /^parse parse: docker said nothing about shop-api$/u],
    ['one container twice', says(`${LINE}\n${LINE}`), /^parse parse: docker named one container twice$/u],
    ['a cut line', says(LINE.slice(0, 60)), /^parse parse: docker inspect printed something else$/u],
    ['a field of another type', says(LINE.replace('"restarts":0', '"restarts":"0"')), /^parse parse: /u],
    ['a field more', says(LINE.replace('{', '{"env":["A=b"],')), /^parse parse: /u],
    ['junk', says('<no value>'), /^parse parse: /u],
    ['another exit code with good output', says(LINE, 2), /^exit_status exec: docker: exit code 2$/u],
    ['exit code 1 without a word', says(LINE, 1), /^exit_status exec: docker: $/u],
    ['a name that evidence cannot carry', says(LINE.replace('healthy', 'h'.repeat(61))), /^parse parse: not usable: containers\.0\.health$/u],
  ])('fails on %s', async (_what, body, failure) => {
    host.put('docker', body)
    expect(await failureOf(look())).toMatch(failure)
  })

  it('fails on one line of two, and where docker hangs', async () => {
    host.put('docker', says(LINE))
    expect(await failureOf(look(two))).toBe('parse parse: docker said nothing about shop-db')
    host.put('docker', 'exec sleep 30\n')
    expect(await failureOf(look(check, 700))).toMatch(/^timeout exec: /u)
  })
})

const hasClient = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'docker')))
if (!hasClient) console.log('NOT RUN: this machine has no docker client')

describe.skipIf(!hasClient)('the real docker client against a stand-in for the engine', () => {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-engine-'))
  const container = (health: object) => ({
    Id: 'ab'.repeat(32),
    Name: '/shop-api',
    RestartCount: 4,
    Config: { Env: ['PASSWORD=never-read'] },
    State: { Status: 'running', Running: true, Restarting: false, OOMKilled: false, ExitCode: 0, StartedAt: '2026-06-27T03:00:00.5Z', ...health },
  })
  const engine = createServer((request, response) => {
    response.setHeader('Api-Version', '1.41')
    const name = /\/containers\/([^/]+)\/json/u.exec(request.url ?? '')?.[1]
    if (name === undefined) return response.end('OK')
    response.setHeader('Content-Type', 'application/json')
    if (name === 'shop-api') return response.end(JSON.stringify(container({ Health: { Status: 'healthy', Log: [{ Output: 'never-read' }] } })))
    if (name === 'plain') return response.end(JSON.stringify({ ...container({}), Name: '/plain' }))
    response.statusCode = 404
    return response.end(JSON.stringify({ message: `No such container: ${name}` }))
  })
  beforeAll(() => new Promise<void>((resolve) => engine.listen(join(dir, 'sock'), resolve)))
  afterAll(() => {
    engine.close()
    rmSync(dir, { recursive: true, force: true })
  })

  /** The catalogue's own words, run by the client with the socket of the stand-in. */
  async function run(argv: readonly string[]) {
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      env: { PATH: process.env.PATH, HOME: dir, DOCKER_HOST: `unix://${join(dir, 'sock')}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map(async (stream) => Buffer.concat(await stream.toArray())))
    const exitCode = child.exitCode ?? (await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1))))
    return { exitCode, stdout: stdout ?? Buffer.alloc(0), stderrLine: (stderr?.toString('utf8') ?? '').split('\n')[0] ?? '' }
  }
  const transport = { ...makeContext().transport, run }

  it('takes the format and prints only what it names', async () => {
    const raw = await run(commandLine('docker.containers', { container: ['shop-api'] }))
    expect(raw.stdout.toString('utf8')).not.toContain('never-read')
    const { facts } = await probeDocker(makeCheck('docker', { containers: ['shop-api', 'plain', 'gone'] }), makeContext({ transport, now: () => AT }))
    expect(facts.containers).toMatchObject([
      { name: 'shop-api', status: 'running', health: 'healthy', restarts: 4, started_at: '2026-06-27T03:00:00.500Z' },
      { name: 'plain', status: 'running', health: null },
      { name: 'gone', status: 'absent' },
    ])
  })
})
