import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { NODE, PROGRAM, plainEnvironment, ROOT, ROUNDS_DIR, runEvidence } from '../cli/run-program.ts'
import { seedSpecialRounds } from './seed-ledger.ts'

export type ConsoleService = {
  readonly url: string
  readonly folder: string
  readonly ledger: string
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** A folder with a ledger: the recorded rounds of examples/awoooi, and rounds that are green, open, tampered with and hostile. */
export async function makeLedger(): Promise<{ folder: string; ledger: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-console-'))
  const ledger = join(folder, 'evidence.db')
  for (const name of ['june-24-to-25.yaml', 'june-26-to-27.yaml']) {
    const ran = runEvidence(folder, ['round', 'import', join(ROUNDS_DIR, name), '--ledger', ledger])
    if (ran.code !== 0) throw new Error(ran.stderr)
  }
  await seedSpecialRounds(ledger)
  return { folder, ledger }
}

/** The real `evidence serve` over a ledger, on a free port, with the console as it is built. More requests than a person would make are let through. */
export async function startConsole({ folder, ledger, args = [] }: { folder: string; ledger: string; args?: readonly string[] }): Promise<ConsoleService> {
  assertBuilt()
  const config = join(folder, 'serve.json')
  writeFileSync(config, JSON.stringify({ requests_per_minute: 1_000_000 }))
  const child = spawn(NODE, [PROGRAM, 'serve', '--ledger', ledger, '--port', '0', '--config', config, ...args], {
    cwd: folder,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data) => {
      output += String(data)
    })
  const url = await listening(child, () => output)
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return { url, folder, ledger, output: () => output, stop }
}

async function listening(child: ChildProcess, output: () => string): Promise<string> {
  for (let waited = 0; waited < 60_000; waited += 50) {
    const port = /Server listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(output())?.[1]
    if (port !== undefined) return `http://127.0.0.1:${port}`
    if (child.exitCode !== null) break
    await sleep(50)
  }
  child.kill('SIGKILL')
  throw new Error(`evidence serve did not listen: ${output()}`)
}

function assertBuilt(): void {
  if (!existsSync(join(ROOT, 'api/console/dist/index.html'))) throw new Error('the console is not built: npm run console')
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
