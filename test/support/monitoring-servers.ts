import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './sshd.ts'

export type MonitoringServer = { url: string; dir: string; stop: () => Promise<void> }

export const hasPrometheus = existsSync('/usr/bin/prometheus')
export const hasAlertmanager = existsSync('/usr/bin/prometheus-alertmanager')
export const hasNodeExporter = existsSync('/usr/bin/prometheus-node-exporter')

/** A real Prometheus with one rules file beside its configuration; `{port}` in either is its own port. */
export async function startPrometheus(config: string, rules: string): Promise<MonitoringServer> {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-prometheus-'))
  const port = await freePort()
  const write = (name: string, text: string): void => writeFileSync(join(dir, name), text.replaceAll('{port}', String(port)))
  write('prometheus.yml', `${config}\nrule_files: [rules.yml]\n`)
  write('rules.yml', rules)
  const args = [`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'data')}`, `--web.listen-address=127.0.0.1:${port}`]
  return await started('/usr/bin/prometheus', args, `http://127.0.0.1:${port}`, '/-/ready', dir)
}

/** A real Alertmanager without cluster and without receivers. */
export async function startAlertmanager(): Promise<MonitoringServer> {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-alertmanager-'))
  const port = await freePort()
  writeFileSync(join(dir, 'alertmanager.yml'), 'route: {receiver: nobody}\nreceivers: [{name: nobody}]\n')
  const args = [
    `--config.file=${join(dir, 'alertmanager.yml')}`,
    `--storage.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ]
  return await started('/usr/bin/prometheus-alertmanager', args, `http://127.0.0.1:${port}`, '/-/healthy', dir)
}

/** A real node exporter that serves the textfiles of a folder and nothing else. */
export async function startNodeExporter(textfiles: string): Promise<MonitoringServer> {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-node-exporter-'))
  const port = await freePort()
  const args = ['--collector.disable-defaults', '--collector.textfile', `--collector.textfile.directory=${textfiles}`, `--web.listen-address=127.0.0.1:${port}`]
  return await started('/usr/bin/prometheus-node-exporter', args, `http://127.0.0.1:${port}`, '/metrics', dir)
}

async function started(program: string, args: string[], url: string, path: string, dir: string): Promise<MonitoringServer> {
  const child = spawn(program, args, { cwd: dir, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    await answers(child, `${url}${path}`)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, dir, stop }
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    const response = await fetch(url).catch(() => null)
    await response?.body?.cancel()
    if (response?.status === 200) return
    await sleep(50)
  }
  throw new Error(`${child.spawnfile} does not answer`)
}
