import { execFileSync, spawn } from 'node:child_process'
import { chownSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runAs } from './run-as.ts'
import { freePort } from './sshd.ts'

/** A real PostgreSQL of this machine's own packages on the loopback, with data and log of its own. */
export type PostgresServer = {
  port: number
  dataDir: string
  logFile: string
  /** Settings for `PG_CLUSTER_CONF_ROOT`: to Debian's tools the server is the cluster `version/main`. */
  confRoot: string
  cluster: string
  start: () => Promise<void>
  /** `immediate` is the crash: no shutdown checkpoint. */
  stop: (mode: 'fast' | 'immediate') => Promise<void>
  sql: (database: string, text: string) => string
  remove: () => Promise<void>
}

/** Folder with initdb, postgres and pg_ctl; null where PostgreSQL is not installed. */
export function postgresBin(): string | null {
  return globSync('/usr/lib/postgresql/*/bin').toSorted().at(-1) ?? null
}

/** Makes a cluster and starts it; the superuser is `evidence` and nobody needs a password. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = postgresBin() ?? ''
  const user = runAs('postgres')
  const version = /\/(\d+)\/bin$/u.exec(bin)?.[1] ?? ''
  const root = mkdtempSync(join(tmpdir(), 'evidence-pg-'))
  const [dataDir, logFile, confRoot] = [join(root, 'data'), join(root, 'server.log'), join(root, 'conf')]
  mkdirSync(join(confRoot, version, 'main'), { recursive: true })
  if (user.uid !== undefined && user.gid !== undefined) chownSync(root, user.uid, user.gid)
  const port = await freePort()
  const run = (file: string, args: string[]): string => execFileSync(file, args, { ...user, cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  run(join(bin, 'initdb'), ['-D', dataDir, '-U', 'evidence', '-A', 'trust', '--no-sync', '--locale=C', '-E', 'UTF8'])
  const settings = [`data_directory = '${dataDir}'`, `port = ${port}`, `listen_addresses = '127.0.0.1'`, `unix_socket_directories = '${root}'`, 'fsync = off']
  writeFileSync(join(confRoot, version, 'main', 'postgresql.conf'), `${settings.join('\n')}\n`)
  const start = async (): Promise<void> => {
    const options = settings.slice(1).map((line) => `-c ${line.replaceAll(' ', '').replaceAll("'", '')}`)
    // Its own words even where it does not come up: some tests are about that.
    const child = spawn(join(bin, 'pg_ctl'), ['start', '-w', '-t', '20', '-D', dataDir, '-l', logFile, '-o', options.join(' ')], {
      ...user,
      cwd: root,
      stdio: 'ignore',
    })
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => resolve())
    })
  }
  const stop = async (mode: string): Promise<void> => {
    run(join(bin, 'pg_ctl'), ['stop', '-w', '-D', dataDir, '-m', mode])
  }
  await start()
  return {
    port,
    dataDir,
    logFile,
    confRoot,
    cluster: `${version}/main`,
    start,
    stop,
    sql: (database, text) =>
      run(join(bin, 'psql'), [
        '-X',
        '-q',
        '-A',
        '-t',
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-U',
        'evidence',
        '-d',
        database,
        '-v',
        'ON_ERROR_STOP=1',
        '-c',
        text,
      ]),
    remove: async () => {
      if (isRunning(dataDir)) await stop('immediate')
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function isRunning(dataDir: string): boolean {
  try {
    const pid = Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0])
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
