import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { runOneRound } from '../api/actions/run-one-round.ts'
import { loadEstate } from '../producers/estate-file.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'
import { makeGround, openRoundStores, planBenchRound, type RoundGround, type RoundStores } from './round-work.ts'

const EVIDENCE = new URL('../cli/evidence.js', import.meta.url).pathname
/** So many checks, and how long the servers of the http ones take to answer. */
type Load = { size: number; afterMs: number }
const LOADS: readonly Load[] = [
  { size: 20, afterMs: 0 },
  { size: 100, afterMs: 0 },
  { size: 400, afterMs: 0 },
  { size: 100, afterMs: 500 },
]
const TIMES = 9
const WARM_UP = 2
/** What goss does at once: five a processor, at most 50 unless told otherwise. */
const AT_ONCE = Math.min(50, 5 * availableParallelism())
const GOSS_VERSION = 'v0.4.9'

/** Seconds of the clock and of the processor, children included. */
type Spent = { wall: number; cpu: number }

/**
 * The checks that both can make (a quarter each of tcp, http, file with its digest, command with its output), as many at
 * once: `goss validate` as a program, against `evidence round run` as one and against a round in this process. What ours
 * does beyond: an event of each check, durable and hashed, the seal, the verdict, the snapshot and summary.txt. They take
 * turns; ratios are of medians of time and of means of processor time. A text says why goss is not there.
 */
export async function benchGoss(loads: readonly Load[] = LOADS, times = TIMES): Promise<BenchRow[] | string> {
  const goss = buildGoss()
  if ('absent' in goss) return goss.absent
  const ground = await makeGround()
  const stores = openRoundStores(join(ground.folder, 'in-process.db'))
  try {
    const rows: BenchRow[] = []
    for (const load of loads) rows.push(...(await compare(goss.program, ground, stores, load, times)))
    return rows
  } finally {
    await stores.close()
    ground.remove()
  }
}

type Contender = () => Promise<Spent>

async function compare(goss: string, ground: RoundGround, stores: RoundStores, load: Load, times: number): Promise<BenchRow[]> {
  const { size, afterMs } = load
  const [estateFile, gossFile] = [join(ground.folder, `estate-${size}-${afterMs}.json`), join(ground.folder, `goss-${size}-${afterMs}.json`)]
  writeFileSync(estateFile, JSON.stringify(estateOf(ground, load)))
  writeFileSync(gossFile, JSON.stringify(gossfileOf(ground, load)))
  const loaded = await loadEstate(estateFile)
  const ledger = join(ground.folder, `program-${size}-${afterMs}.db`)
  let round = 0
  const program = (): Promise<Spent> => {
    const args = [
      'round',
      'run',
      '--estate',
      estateFile,
      '--ledger',
      ledger,
      '--out',
      join(ground.folder, 'out'),
      '--quiet',
      '--id',
      `bench-${size}-${++round}`,
    ]
    return timeProgram([process.execPath, EVIDENCE, ...args])
  }
  const contenders: Record<string, Contender> = {
    goss: () => timeProgram([goss, '--gossfile', gossFile, 'validate', '--format', 'json']),
    program,
    process: () => timeHere(() => runOneRound(stores, planBenchRound(loaded))),
  }
  const spent: Record<string, Spent[]> = { goss: [], program: [], process: [] }
  for (let i = 0; i < WARM_UP + times; i++) {
    for (const [name, run] of Object.entries(contenders)) {
      const took = await run()
      if (i >= WARM_UP) spent[name]?.push(took)
    }
  }
  return toRows(load, spent)
}

function toRows({ size, afterMs }: Load, spent: Record<string, Spent[]>): BenchRow[] {
  const of = (name: string): Spent => ({ wall: median((spent[name] ?? []).map((one) => one.wall)), cpu: mean((spent[name] ?? []).map((one) => one.cpu)) })
  const goss = of('goss')
  const rows = (name: string, title: string): BenchRow[] => {
    const own = of(name)
    const row = (what: keyof Spent): BenchRow => ({
      name: `${size} checks${afterMs === 0 ? '' : `, servers answer after ${afterMs} ms`}, ${title} against goss validate: ${what === 'wall' ? 'time' : 'processor'}`,
      ratio: goss[what] / own[what],
      floor: null,
      detail: `${(1000 * own[what]).toFixed(0)} ms against ${(1000 * goss[what]).toFixed(0)} ms: ${(own[what] / goss[what]).toFixed(2)} times as much`,
    })
    return [row('wall'), row('cpu')]
  }
  return [...rows('program', 'round run as a program'), ...rows('process', 'a round in process')]
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** bash's `time` counts the processor of the program and of all it waited for. */
async function timeProgram(command: readonly string[]): Promise<Spent> {
  const child = spawn('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null', 'time', ...command], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  const figures = /(\S+) (\S+) (\S+)\n$/.exec(said)
  if (code !== 0 || figures === null) throw new Error(`${command[0]} ended with ${String(code)}: ${said}`)
  return { wall: Number(figures[1]), cpu: Number(figures[2]) + Number(figures[3]) }
}

async function timeHere(work: () => Promise<unknown>): Promise<Spent> {
  const [start, before] = [performance.now(), cpuTicks()]
  await work()
  return { wall: (performance.now() - start) / 1000, cpu: (cpuTicks() - before) / 100 }
}

/** utime, stime, cutime and cstime of this process, hundredths of a second (proc(5)). */
function cpuTicks(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
}

/** A quarter each of tcp, http, file and command. */
const KINDS = 4

function estateOf({ ports, file }: RoundGround, { size, afterMs }: Load): unknown {
  const checks = Array.from({ length: size }, (_, n) => {
    const base = { id: `check-${n}`, gate: 'P0-ALL' }
    if (n % KINDS === 0) return { ...base, kind: 'tcp', address: '127.0.0.1', port: ports.tcp }
    if (n % KINDS === 1)
      return { ...base, kind: 'http', url: `http://127.0.0.1:${ports.http}/after/${afterMs}?n=${n}`, expect: '200', body: { contains: 'ok' } }
    if (n % KINDS === 2) return { ...base, kind: 'file', path: `${file.path}.${n}`, sha256: file.sha256 }
    return { ...base, kind: 'command', command: 'version', equals: file.line }
  })
  for (let n = 2; n < size; n += KINDS) writeFileSync(`${file.path}.${n}`, `${file.line}\n`)
  return {
    estate: 'bench',
    version: '1',
    policy: 'sop@1.78',
    limits: { overall: AT_ONCE },
    commands: [{ id: 'version', argv: ['cat', file.path] }],
    gates: [{ id: 'P0-ALL' }],
    checks,
  }
}

function gossfileOf({ ports, file }: RoundGround, { size, afterMs }: Load): unknown {
  const all = Array.from({ length: size }, (_, n) => n)
  const of = (kind: number, entry: (n: number) => [string, unknown]): unknown => Object.fromEntries(all.filter((n) => n % KINDS === kind).map(entry))
  return {
    addr: of(0, (n) => [`check-${n}`, { address: `tcp://127.0.0.1:${ports.tcp}`, reachable: true, timeout: 5000 }]),
    http: of(1, (n) => [`http://127.0.0.1:${ports.http}/after/${afterMs}?n=${n}`, { status: 200, timeout: 5000, body: ['ok'] }]),
    file: of(2, (n) => [`${file.path}.${n}`, { exists: true, sha256: file.sha256 }]),
    command: of(3, (n) => [`check-${n}`, { exec: `cat ${file.path}`, 'exit-status': 0, stdout: [file.line], timeout: 5000 }]),
  }
}

/** goss, built once with the machine's Go into the user's cache; `GOSS` names one that is there. */
function buildGoss(): { program: string } | { absent: string } {
  if (process.env.GOSS !== undefined) return { program: process.env.GOSS }
  const folder = join(homedir(), '.cache', 'evidence-ledger', `goss-${GOSS_VERSION}`)
  const program = join(folder, 'goss')
  if (existsSync(program)) return { program }
  if (spawnSync('go', ['version']).status !== 0) return { absent: 'goss not measured: no Go' }
  mkdirSync(folder, { recursive: true })
  // A module that pins the version: `go install …@version` would ask the proxy for the list of all versions as well.
  writeFileSync(join(folder, 'go.mod'), `module bench\n\ngo 1.21\n\nrequire github.com/goss-org/goss ${GOSS_VERSION}\n`)
  writeFileSync(join(folder, 'goss.go'), '//go:build goss\n\npackage bench\n\nimport _ "github.com/goss-org/goss/cmd/goss"\n')
  const built = spawnSync('go', ['build', '-mod=mod', '-o', program, 'github.com/goss-org/goss/cmd/goss'], { cwd: folder, encoding: 'utf8', timeout: 300_000 })
  return existsSync(program) ? { program } : { absent: `goss not measured: go build: ${built.stderr.trim().split('\n').at(-1) ?? 'failed'}` }
}

if (import.meta.main) {
  const rows = await benchGoss()
  if (typeof rows === 'string') console.info(rows)
  else for (const row of rows) console.info(`${row.ratio.toFixed(2).padStart(6)}  ${row.name}\n        ${row.detail}`)
}
