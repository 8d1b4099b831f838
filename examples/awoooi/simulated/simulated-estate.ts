import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeCertificates } from './certificates.ts'
import { writeCluster } from './cluster.ts'
import { HOSTS, type HostName, PUBLIC_NAMES } from './machines.ts'
import { makeRepository } from './restic-repository.ts'

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
const RESTIC_PASSWORD = 'of this simulation only'
const HERE = import.meta.dirname
const EVIDENCE = join(HERE, '../../../cli/evidence.js')

/** Why this machine cannot hold the simulated estate, or null. */
export function missingParts(): string | null {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root, for network and mount namespaces'
  const missing = PROGRAMS.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH: PATH_OF_HOSTS } }).status !== 0)
  if (missing.length > 0) return `lacks ${missing.join(', ')} (examples/awoooi/simulated/README.md has their Debian packages)`
  const tried = spawnSync('unshare', [...NAMESPACES, '--time', 'true'], { encoding: 'utf8' })
  return tried.status === 0 ? null : `may not make namespaces: ${tried.stderr.trim()}`
}

const PATH_OF_HOSTS = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'
const PROGRAMS = [
  ...['unshare', 'nsenter', 'ip', 'ping', 'ssh-keygen', 'ssh-agent', 'sshd', 'openssl', 'nginx', 'redis-server', 'cron', 'crontab', 'restic', 'rclone', 'git'],
  ...['psql', 'curl', 'prometheus', 'prometheus-alertmanager', 'prometheus-node-exporter', 'prometheus-postgres-exporter', 'prometheus-redis-exporter'],
  'prometheus-nginx-exporter',
]

/** Why `dir` cannot be the folder of a simulated estate, or null. */
export function unfitFolder(dir: string): string | null {
  if (isRunning(dir)) return `${dir} already holds a simulated estate; end it with \`down\``
  // unix(7): the name of a socket has 108 bytes with the zero at its end.
  const agent = join(dir, 'agent')
  return Buffer.byteLength(agent) < 108 ? null : `${dir} is too long a name: the socket of ssh-agent in it may have 107 bytes`
}

/** Whether the simulated estate of `dir` runs. What a crash left in `dir` does not count. */
export function isRunning(dir: string): boolean {
  const file = join(dir, 'lan.pid')
  return existsSync(file) && isLan(Number(readFileSync(file, 'utf8')), dir)
}

/**
 * Starts the machines on a LAN of their own, in namespaces of this one, and waits until their services answer.
 * `dir` is a folder on a real disk: it gets the operator's keys, a copy of the estate with `known_hosts` beside it, and
 * what rounds write; what an earlier start made is made again, what rounds wrote stays. Nothing of the real machine is
 * changed. Throws with the reason where a machine does not come up or the wait is interrupted; nothing then stays behind.
 */
export async function startSimulatedEstate(dir: string): Promise<void> {
  const unfit = unfitFolder(dir)
  if (unfit !== null) throw new Error(unfit)
  prepare(dir)
  const interruption = new AbortController()
  const interrupt = (): void => interruption.abort()
  for (const signal of ENDING_SIGNALS) process.on(signal, interrupt)
  const lan = spawn('unshare', [...NAMESPACES, 'bash', join(HERE, 'lan.sh'), dir, join(dir, 'machines')], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: PATH_OF_HOSTS, LANG: 'C.UTF-8' },
  })
  lan.unref()
  let pid: number | undefined
  try {
    pid = await firstChild(lan.pid ?? 0)
    writeFileSync(join(dir, 'lan.pid'), `${pid}\n`)
    await isUp(dir, pid, interruption.signal)
  } catch (error) {
    lan.kill('SIGKILL')
    if (pid !== undefined) await end(pid)
    rmSync(join(dir, 'lan.pid'), { force: true })
    throw error
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, interrupt)
  }
}

/** Ends every process of the estate, and returns when all have ended; what rounds wrote into `dir` stays. */
export async function stopSimulatedEstate(dir: string): Promise<void> {
  const file = join(dir, 'lan.pid')
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, 'utf8'))
  if (isLan(pid, dir)) await end(pid)
  rmSync(file)
}

/** Runs a shell script on a machine as root, or on the operator's own. */
export function runOn(dir: string, machine: HostName | 'operator', script: string): SpawnSyncReturns<string> {
  return spawnSync(
    'nsenter',
    [...entry(dir, machine), 'bash', '--norc', '-euo', 'pipefail', '-c', `. /etc/simulated/services.sh 2> /dev/null || :\n${script}`],
    {
      encoding: 'utf8',
      env: { PATH: PATH_OF_HOSTS, HOME: '/root', LANG: 'C.UTF-8' },
    },
  )
}

/** Words in front of a program that is to run on the operator's machine, and the environment it needs. */
export function asOperator(dir: string): { words: string[]; env: Record<string, string> } {
  const env = { SSH_AUTH_SOCK: join(dir, 'agent'), NODE_EXTRA_CA_CERTS: join(dir, 'given/ca.pem') }
  // Ctrl-C reaches nsenter too. It must outlive it, or the exit code of a command that ends in order is lost.
  const nsenter = ['env', '--ignore-signal=INT', 'nsenter', ...entry(dir, 'operator'), 'env', '--default-signal=INT']
  return { words: [...nsenter, process.execPath, EVIDENCE], env }
}

function entry(dir: string, machine: HostName | 'operator'): string[] {
  const pid = readFileSync(join(dir, 'lan.pid'), 'utf8').trim()
  if (machine === 'operator') return ['--target', pid, '--net', '--mount', '--pid', `--wd=${dir}`, '--']
  const inside = execFileSync('nsenter', ['--target', pid, '--mount', '--', 'cat', `/mnt/${machine}/pid`], { encoding: 'utf8' }).trim()
  return ['--target', pid, '--mount', '--pid', '--', 'nsenter', '--target', inside, '--all', '--root', '--wd', '--']
}

function prepare(dir: string): void {
  for (const earlier of ['lan.pid', 'lan.up', 'lan.failed', 'agent', 'given', 'scratch']) rmSync(join(dir, earlier), { recursive: true, force: true })
  mkdirSync(join(dir, 'given/keys'), { recursive: true })
  const keygen = (file: string): void => {
    rmSync(file, { force: true })
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file])
  }
  keygen(join(dir, 'operator_key'))
  copyFileSync(join(dir, 'operator_key.pub'), join(dir, 'given/operator_key.pub'))
  for (const { name } of HOSTS) keygen(join(dir, 'given/keys', name))
  const publicKey = (name: string): string => readFileSync(join(dir, 'given/keys', `${name}.pub`), 'utf8').trim()
  writeFileSync(
    join(dir, 'hosts'),
    `127.0.0.1 localhost\n${HOSTS.map(({ name, address }) => `${address} ${name}\n`).join('')}192.168.0.188 ${PUBLIC_NAMES.join(' ')}\n`,
  )
  writeFileSync(join(dir, 'machines'), HOSTS.map(({ name, address }) => `${name} ${address} ${join(HERE, name)}\n`).join(''))
  makeCertificates(join(dir, 'given'), PUBLIC_NAMES)
  writeCluster(join(dir, 'given/cluster'), new Date())
  writeFileSync(join(dir, 'given/restic-password'), RESTIC_PASSWORD)
  makeRepository(join(dir, 'given/repository'), RESTIC_PASSWORD, join(dir, 'scratch'))
  cpSync(join(HERE, '../../../deploy'), join(dir, 'given/deploy'), { recursive: true })
  placeEstate(dir, publicKey)
}

/**
 * The estate file as an operator sets it up: verified host keys beside it, and in its `ssh-trust` checks the
 * fingerprints of 120 and 188. Nothing else in it is changed. It stands as deep as in the repository, whose `deploy` it
 * names.
 */
function placeEstate(dir: string, publicKey: (name: string) => string): void {
  const folder = join(dir, 'examples/awoooi')
  mkdirSync(folder, { recursive: true })
  cpSync(join(dir, 'given/deploy'), join(dir, 'deploy'), { recursive: true })
  writeFileSync(join(folder, 'known_hosts'), HOSTS.map(({ name, address }) => `${address} ${publicKey(name)}\n`).join(''))
  const text = readFileSync(join(HERE, '../estate.yaml'), 'utf8')
  const filled = text.replace(/SHA256:writeTheVerifiedFingerprintOf192168000(\d{3})xx/gu, (_, host: string) => fingerprint(publicKey(`host-${host}`)))
  writeFileSync(join(folder, 'estate.yaml'), filled)
}

/** As `ssh-keygen -l` prints it. */
function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64')
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/u, '')}`
}

async function firstChild(pid: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    if (children !== '') return Number(children.split(' ')[0])
    await sleep(10)
  }
  throw new Error('no namespaces: unshare started nothing')
}

async function isUp(dir: string, pid: number, interruption: AbortSignal): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (interruption.aborted) throw new Error('interrupted; nothing of it runs')
    if (existsSync(join(dir, 'lan.up'))) return
    if (existsSync(join(dir, 'lan.failed'))) throw new Error(readFileSync(join(dir, 'lan.failed'), 'utf8').trim())
    if (hasEnded(pid)) throw new Error(`the namespaces ended; see the logs in ${dir}`)
    await sleep(100)
  }
  throw new Error(`not up after two minutes; see the logs in ${dir}`)
}

/** Ends the first process of the namespaces: the kernel ends all others with it, and their mounts with them. */
async function end(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    return // ESRCH: it has ended, and root may signal whatever runs
  }
  for (let left = 300; !hasEnded(pid); left -= 1) {
    if (left === 0) throw new Error(`process ${pid} was killed half a minute ago and has not ended`)
    await sleep(100)
  }
}

/** pid_namespaces(7): the first process waits for all others of its namespace before it is a zombie or gone itself. */
function hasEnded(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return /^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')))
  } catch {
    return true
  }
}

/** Pids are used again: only the process that was started with this folder is ours to end. In the moment of exec(2) it has no words. */
function isLan(pid: number, dir: string): boolean {
  const file = `/proc/${pid}/cmdline`
  return existsSync(file) && readFileSync(file, 'utf8').split('\0').includes(dir)
}
