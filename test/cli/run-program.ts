import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { vi } from 'vitest'

/** Every test here starts programs; on a busy machine that takes as long as it takes. */
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

/** The real program as users start it, with the pinned Node. */
export const ROOT = path.join(import.meta.dirname, '../..')
export const NODE = path.join(ROOT, 'node_modules/.bin/node')
export const PROGRAM = path.join(ROOT, 'cli/evidence.js')
export const LOCALHOST = path.join(ROOT, 'examples/localhost/estate.yaml')
export const ROUNDS_DIR = path.join(ROOT, 'examples/awoooi/rounds')

export type Ran = { code: number | null; stdout: string; stderr: string }

/** What a user's shell has, without anything that this test run set for itself. */
export function plainEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { EVIDENCE_LEDGER: _a, NO_COLOR: _b, FORCE_COLOR: _c, NODE_OPTIONS: _d, VITEST: _e, ...rest } = process.env
  return { ...rest, ...more }
}

export function newFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'evidence-cli-'))
}

export function runEvidence(cwd: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; input?: string | Buffer; node?: string } = {}): Ran {
  const ran = spawnSync(options.node ?? NODE, [PROGRAM, ...args], {
    cwd,
    env: plainEnvironment(options.env),
    input: options.input ?? '',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  // A program that refused its input early has not read all of it; its answer is there all the same.
  if (ran.error && (ran.error as NodeJS.ErrnoException).code !== 'EPIPE') throw ran.error
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr }
}

/**
 * As `runEvidence` for several command lines, one after another in one process of their own: for what they answer, where
 * the start of the program is not the point. None of them reads stdin.
 */
export function runMany(cwd: string, commandLines: readonly (readonly string[])[], options: { env?: NodeJS.ProcessEnv } = {}): Ran[] {
  const ran = spawnSync(NODE, [path.join(import.meta.dirname, 'many-commands.ts')], {
    cwd,
    env: plainEnvironment(options.env),
    input: JSON.stringify(commandLines),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (ran.error) throw ran.error
  if (ran.status !== 0) throw new Error(`many-commands.ts ended with ${ran.status}: ${ran.stderr}`)
  return JSON.parse(ran.stdout) as Ran[]
}

/** A Node on this machine that is not the pinned one; null where there is none. */
export function otherNode(): string | null {
  const folders = (process.env.PATH ?? '').split(':').filter((one) => one !== '' && !one.startsWith(ROOT))
  const found = folders.map((one) => path.join(one, 'node')).filter((file) => existsSync(file))
  return found.find((file) => !spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout.startsWith('v24.')) ?? null
}
