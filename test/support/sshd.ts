import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startSsh2Server } from './ssh2-server.ts'

/** A running SSH server on the loopback with keys of its own, good for one test file. */
export type SshServer = {
  host: string
  port: number
  user: string
  /** Private key that it lets in. */
  keyFile: string
  /** Public host keys as `type base64`. */
  hostKeys: string[]
  /** A known_hosts text with all of them. */
  knownHosts: string
  /** False when ssh2's own server stands in. */
  isReal: boolean
  stop: () => Promise<void>
}

/** `programs`: a folder that comes first in the PATH of what is run. */
export type SshdOptions = { keyTypes?: ('ed25519' | 'ecdsa' | 'rsa')[]; programs?: string; keyPrefix?: string }

const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'

/**
 * Starts the real sshd of openssh-server on a free port of 127.0.0.1 with temporary keys; where it is not installed,
 * ssh2's own server, and says so.
 */
export async function startSshd(options: SshdOptions = {}): Promise<SshServer> {
  const program = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path))
  const dir = mkdtempSync(join(tmpdir(), 'evidence-sshd-'))
  const keyFile = join(dir, 'user_key')
  keygen(keyFile, 'ed25519')
  if (program !== undefined) return await startReal(program, dir, keyFile, options)
  console.log("REAL SSHD ABSENT: ssh2's own server takes its place")
  const fake = await startSsh2Server({ authorizedKey: readFileSync(`${keyFile}.pub`, 'utf8') })
  const stop = async (): Promise<void> => {
    await fake.stop()
    rmSync(dir, { recursive: true, force: true })
  }
  return { ...fake, keyFile, isReal: false, stop }
}

async function startReal(program: string, dir: string, keyFile: string, options: SshdOptions): Promise<SshServer> {
  const hostKeyFiles = (options.keyTypes ?? ['ed25519']).map((type) => {
    const file = join(dir, `host_${type}`)
    keygen(file, type)
    return file
  })
  writeFileSync(join(dir, 'authorized_keys'), `${options.keyPrefix ?? ''}${readFileSync(`${keyFile}.pub`, 'utf8')}`, { mode: 0o600 })
  const port = await freePort()
  writeFileSync(join(dir, 'sshd_config'), sshdConfig(port, dir, hostKeyFiles, options.programs))
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const stop = await runSshd(program, join(dir, 'sshd_config'))
  const hostKeys = hostKeyFiles.map((file) => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ').trim())
  const end = async (): Promise<void> => {
    await stop()
    rmSync(dir, { recursive: true, force: true })
  }
  return {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    keyFile,
    hostKeys,
    knownHosts: hostKeys.map((key) => `[127.0.0.1]:${port} ${key}\n`).join(''),
    isReal: true,
    stop: end,
  }
}

/** With a home of its own: bash reads `~/.bashrc` for each command of sshd, and what is in there is this machine's, and may be slow. */
function sshdConfig(port: number, dir: string, hostKeyFiles: string[], programs: string | undefined): string {
  return [
    // One line: of several only the first counts.
    `SetEnv HOME=${dir} PATH=${programs === undefined ? '' : `${programs}:`}${SYSTEM_PATH}`,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeyFiles.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'AcceptEnv LANG LC_*',
    '',
  ].join('\n')
}

/** Starts sshd in the foreground and waits until it says that it listens; gives the function that ends it. */
async function runSshd(program: string, configFile: string): Promise<() => Promise<void>> {
  const child = spawn(program, ['-D', '-e', '-f', configFile], { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH ?? '' } })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (text) => {
      said.push(text)
      if (text.includes('Server listening')) resolve()
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`sshd ended: ${said.join(' | ')}`)))
  })
  return async () => {
    child.kill('SIGTERM')
    await ended
  }
}

export function keygen(file: string, type: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file])
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
