import { commandLine } from '../commands/catalogue.ts'
import { type FileStat, ProbeFailure, type RunOptions, type RunResult, type Transport } from '../transport.ts'
import { toFileStat } from './file-stat.ts'
import { saysDenied, saysMissing } from './stderr-words.ts'

type Run = Transport['run']

/** Whole file through `cat`, so that a server's allow-list needs no sftp. */
export async function readRemoteFile(run: Run, path: string, options: RunOptions): Promise<Buffer> {
  const result = await run(commandLine('file.read', { path: operand(path) }), options)
  if (result.exitCode !== 0) throw readFailure(result)
  return result.stdout
}

/**
 * Size and time through `stat -c` (GNU coreutils, busybox), whole seconds. `exists: false` only where stat itself
 * says that there is no such file or directory; `test -e` would call a forbidden folder an absent file.
 */
export async function statRemoteFile(run: Run, path: string, options: RunOptions): Promise<FileStat> {
  const result = await run(commandLine('file.stat', { path: operand(path) }), { ...options, maxBytes: Math.min(options.maxBytes, 4096) })
  if (result.exitCode !== 0) {
    if (saysMissing(result.stderrLine)) return { exists: false }
    throw readFailure(result)
  }
  const match = /^(\d{1,16}) (-?\d{1,12})\n?$/u.exec(result.stdout.toString('utf8'))
  if (match === null) throw new ProbeFailure('parse', 'read', 'stat printed something else')
  return toFileStat(Number(match[1]), Number(match[2]) * 1000)
}

/** `-` would be standard input. */
function operand(path: string): string {
  return path === '-' ? './-' : path
}

function readFailure({ exitCode, stderrLine }: RunResult): ProbeFailure {
  if (saysMissing(stderrLine)) return new ProbeFailure('unreachable', 'read', 'file does not exist')
  if (saysDenied(stderrLine)) return new ProbeFailure('permission', 'read', 'permission denied')
  return new ProbeFailure('exit_status', 'read', `exit code ${exitCode}: ${stderrLine}`.slice(0, 300))
}
