import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NODE, newFolder, PROGRAM, plainEnvironment, type Ran, runEvidence } from '../cli/run-program.ts'
import { freePort } from '../support/http-server.ts'

const absent = ['prometheus', 'prometheus-node-exporter'].filter((name) => spawnSync(name, ['--version']).error !== undefined)
if (absent.length > 0) console.log(`PROMETHEUS ABSENT: no ${absent.join(', ')} on the PATH (Debian packages of these names)`)

/** Green while a file is there. */
function newEstate() {
  const folder = newFolder()
  const flag = path.join(folder, 'flag')
  const text = `estate: watched\nversion: "1"\npolicy: sop@1.78\nhosts: [{ id: here, transport: local }]\ngates: [{ id: P0-FILE }]\nchecks: [{ id: flag, gate: P0-FILE, host: here, kind: file, path: ${flag} }]\n`
  writeFileSync(path.join(folder, 'estate.yaml'), text)
  writeFileSync(flag, 'here\n')
  mkdirSync(path.join(folder, 'textfiles'))
  const textfile = path.join(folder, 'textfiles/cold_start.prom')
  const metric = (name: string): number =>
    Number(new RegExp(`^watched_${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(readFileSync(textfile, 'utf8'))?.[1])
  return { folder, flag, textfile, metric, once: (...more: string[]): Ran => runEvidence(folder, [...MONITOR, '--once', ...more]) }
}

const MONITOR = ['monitor', '--estate', 'estate.yaml', '--textfile', 'textfiles/cold_start.prom']

describe('evidence monitor --once', () => {
  test('writes the textfile for others to read, whatever the umask, and exits as a round does', () => {
    const { folder, flag, textfile, metric, once: runOnce } = newEstate()
    const masked = spawnSync('sh', ['-c', `umask 077; exec "$@"`, 'sh', NODE, PROGRAM, ...MONITOR, '--once'], {
      cwd: folder,
      env: plainEnvironment(),
      encoding: 'utf8',
    })
    expect([masked.status, masked.stderr]).toEqual([0, ''])
    expect(masked.stdout).toMatch(/^watched-\d{8}-\d{6}: green, FULL_STACK_GREEN, monitor_up 1\n$/)
    expect((statSync(textfile).mode & 0o777).toString(8)).toBe('644')
    const greenAt = metric('cold_start_last_green_timestamp')
    expect(Math.abs(greenAt - Date.now() / 1000)).toBeLessThan(60)
    rmSync(flag)
    const ran = runOnce('--json')
    expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([1, { result: 'blocked', up: 1, overall: 'BLOCKED' }])
    expect(['green', 'blocked'].map((one) => metric(`cold_start_last_result{result="${one}"}`))).toEqual([0, 1])
    // Another process, which read it from the ledger.
    expect(metric('cold_start_last_green_timestamp')).toBe(greenAt)
    expect(metric('cold_start_last_run_timestamp')).toBeGreaterThanOrEqual(greenAt)
  })

  test('a ledger that cannot record: exit 3, monitor_up 0 and nothing green', () => {
    const { folder, metric, once: runOnce } = newEstate()
    expect(runOnce().code).toBe(0)
    const db = new DatabaseSync(path.join(folder, 'evidence.db'))
    db.exec('BEGIN IMMEDIATE')
    const ran = runOnce()
    db.exec('ROLLBACK')
    db.close()
    expect([ran.code, ran.stderr]).toEqual([3, expect.stringMatching(/no round: ledger_unavailable: /)])
    const names = ['cold_start_monitor_up', 'cold_start_last_result{result="green"}', 'cold_start_last_result{result="check_failed"}', 'recovery_core_ready']
    expect(names.map(metric)).toEqual([0, 0, 1, 0])
  })

  test('a textfile that can neither be replaced nor removed is told', () => {
    const { folder, textfile, once: runOnce } = newEstate()
    expect(runOnce().code).toBe(0)
    // A folder under that name cannot be replaced by a file, nor removed as one.
    rmSync(textfile)
    mkdirSync(textfile)
    const ran = runOnce()
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringMatching(/^the textfile could not be written: .*\nnor removed; it is out of date: /)])
    expect(runEvidence(folder, ['ledger', 'verify']).code).toBe(0)
  })

  test('--print-rules prints rules of the estate, and runs nothing', () => {
    const { folder } = newEstate()
    const print = (...more: string[]): Ran => runEvidence(folder, ['monitor', '--estate', 'estate.yaml', '--print-rules', ...more])
    expect(print()).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('expr: watched_cold_start_monitor_up == 0') })
    expect(JSON.parse(print('--json', '--interval', '3600').stdout)).toMatchObject({ estate: 'watched', prefix: 'watched', interval_s: 3600 })
    for (const more of [['--once'], ['--textfile', 'x.prom']]) expect(print(...more)).toMatchObject({ code: 2, stdout: '' })
    expect(runEvidence(folder, ['monitor', '--estate', 'estate.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a monitor needs --textfile, or --print-rules'),
    })
    expect(existsSync(path.join(folder, 'evidence.db'))).toBe(false)
  })

  test('an estate that cannot be read: exit 2', () => {
    const { folder, textfile, once: runOnce } = newEstate()
    writeFileSync(path.join(folder, 'estate.yaml'), 'estate: [')
    expect(runOnce().code).toBe(2)
    expect(existsSync(textfile)).toBe(false)
  })
})

function start(command: string, args: readonly string[], cwd: string) {
  const child = spawn(command, args, { cwd, env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { text: '' }
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said.text += text))
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
  })
  return { child, said }
}

async function until(isSo: () => Promise<boolean> | boolean, what: () => string, ms = 30_000): Promise<void> {
  const end = Date.now() + ms
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not in time: ${what()}`)
    await new Promise((done) => setTimeout(done, 200))
  }
}

describe('a monitor that runs', () => {
  test('goes on through an estate that is broken for a while, and stops in order', async () => {
    const { folder, metric } = newEstate()
    const good = readFileSync(path.join(folder, 'estate.yaml'))
    const { child, said } = start(NODE, [PROGRAM, ...MONITOR, '--interval', '1'], folder)
    await until(
      () => /green, FULL_STACK_GREEN/.test(said.text),
      () => said.text,
    )
    writeFileSync(path.join(folder, 'estate.yaml'), 'estate: [')
    await until(
      () => /no round: check_failed, monitor_up 0/.test(said.text),
      () => said.text,
    )
    await until(
      () => metric('cold_start_monitor_up') === 0,
      () => said.text,
    )
    writeFileSync(path.join(folder, 'estate.yaml'), good)
    await until(
      () => metric('cold_start_monitor_up') === 1,
      () => said.text,
    )
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([0, null])
  })

  test.skipIf(absent.length > 0)('a real node-exporter shows its textfile, and a real Prometheus fires when it stops', async () => {
    const { folder } = newEstate()
    const [exporter, prometheus] = [await freePort(), await freePort()]
    // The rules of this estate, with thresholds of a test.
    const rules = runEvidence(folder, ['monitor', '--estate', 'estate.yaml', '--print-rules'])
      .stdout.replace('> 1800', '> 5')
      .replaceAll(/for: \d+[mh]/g, 'for: 1s')
    writeFileSync(path.join(folder, 'rules.yml'), rules)
    const scrape = `scrape_configs: [{ job_name: node, static_configs: [{ targets: ['127.0.0.1:${exporter}'] }] }]`
    writeFileSync(path.join(folder, 'prometheus.yml'), `global: { scrape_interval: 1s, evaluation_interval: 1s }\nrule_files: [rules.yml]\n${scrape}\n`)
    const collect = ['--collector.disable-defaults', '--collector.textfile', `--collector.textfile.directory=${path.join(folder, 'textfiles')}`]
    start('prometheus-node-exporter', [...collect, `--web.listen-address=127.0.0.1:${exporter}`], folder)
    const server = start('prometheus', ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${prometheus}`], folder)
    const monitor = start(NODE, [PROGRAM, ...MONITOR, '--interval', '1'], folder)
    const ask = async (question: string): Promise<unknown[]> => {
      const answer = await fetch(`http://127.0.0.1:${prometheus}/api/v1/query?query=${encodeURIComponent(question)}`).catch(() => null)
      // While it starts it answers with a page.
      const isJson = answer?.headers.get('content-type')?.startsWith('application/json') === true
      return answer === null || !answer.ok || !isJson ? [] : ((await answer.json()) as { data: { result: unknown[] } }).data.result
    }
    const firing = async (name: string): Promise<boolean> => (await ask(`ALERTS{alertname="${name}",alertstate="firing"}`)).length > 0
    await until(
      async () => (await ask('watched_cold_start_last_result{result="green"} == 1 and on (instance) watched:cold_start_run_age:seconds < 5')).length === 1,
      () => server.said.text,
    )
    expect(await firing('ColdStartMonitorStale')).toBe(false)
    monitor.child.kill('SIGTERM')
    expect(await once(monitor.child, 'close')).toEqual([0, null])
    await until(
      () => firing('ColdStartMonitorStale'),
      () => server.said.text,
    )
    // What it last said is still there; the alert is what tells that it is old.
    expect(await ask('watched_cold_start_last_result{result="green"} == 1')).toHaveLength(1)
    rmSync(path.join(folder, 'textfiles/cold_start.prom'))
    await until(
      () => firing('ColdStartMonitorAbsent'),
      () => server.said.text,
    )
  })
})
