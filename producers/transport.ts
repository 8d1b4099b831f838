import type { FailureReason } from '../schemas/primitives.ts'

/** A probe could not look. `detail` never holds a secret: no file contents, no environment, no command output beyond one scrubbed line. */
export class ProbeFailure extends Error {
  readonly reason: FailureReason
  /** Where it stopped: `connect`, `host_key`, `auth`, `exec`, `read`, `parse`, … */
  readonly stage: string

  constructor(reason: FailureReason, stage: string, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause })
    this.name = 'ProbeFailure'
    this.reason = reason
    this.stage = stage
  }
}

export type RunOptions = {
  timeoutMs: number
  maxBytes: number
  signal: AbortSignal
  /** Keeps stderr as well, behind stdout: for programs whose answer is there, such as `docker logs`. */
  withStderr?: boolean
}
/** A finished command. `exitCode` is what the command itself returned; a lost connection or a signal is a `ProbeFailure` instead. */
export type RunResult = { exitCode: number; stdout: Buffer; stderrLine: string }
export type FileStat = { exists: false } | { exists: true; sizeBytes: number; modifiedAt: string }

/**
 * How probes reach a machine. Implementations: this machine, and SSH.
 *
 * - Read-only: runs the given argv without a shell of ours in between (SSH quotes every word) and reads files.
 * - Every call ends within `timeoutMs` and when `signal` aborts, with `ProbeFailure('timeout', …)`, and leaves no
 *   child process, channel or timer behind.
 * - Output above `maxBytes` is a `ProbeFailure('parse', …)`, never a silent cut.
 * - Only a real exit code is a result: a signal, a dropped connection or a missing status is a `ProbeFailure`.
 */
export interface Transport {
  run(argv: readonly string[], options: RunOptions): Promise<RunResult>
  readFile(path: string, options: RunOptions): Promise<Buffer>
  stat(path: string, options: RunOptions): Promise<FileStat>
  close(): Promise<void>
}
