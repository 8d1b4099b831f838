import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './sshd.ts'

export type RedisServer = { port: number; dir: string; cli: (...words: string[]) => string; stop: () => Promise<void> }

export const hasRedis = existsSync('/usr/bin/redis-server')

/** A real redis-server on the loopback that keeps nothing beyond its own folder. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-redis-'))
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--enable-debug-command', 'yes', ...settings]
  const child = spawn('/usr/bin/redis-server', args, { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const cli = (...words: string[]): string =>
    execFileSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  for (let tries = 0; !isUp(cli); tries++) {
    if (tries === 100 || child.exitCode !== null) throw new Error('redis-server did not start')
    await sleep(50)
  }
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
  return { port, dir, cli, stop }
}

function isUp(cli: RedisServer['cli']): boolean {
  try {
    return /PONG|NOAUTH/u.test(cli('PING'))
  } catch {
    return false
  }
}
