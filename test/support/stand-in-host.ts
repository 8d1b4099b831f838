import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Transport } from '../../producers/transport.ts'
import { parseKnownHosts } from '../../producers/transports/known-hosts.ts'
import { createSshTransport } from '../../producers/transports/ssh.ts'
import { startSshd } from './sshd.ts'

/** A machine behind the real sshd on which some programs are stand-ins: shell scripts that come first in its PATH. */
export type StandInHost = {
  transport: Transport
  /** Folder of the stand-ins, also free for files of a test. */
  dir: string
  /** Puts a program in the PATH, or changes it: the body of a POSIX shell script, with the words of the command as `$@`. */
  put: (program: string, body: string) => void
  stop: () => Promise<void>
}

/** Body of a stand-in that prints a text, an optional line on stderr, and ends with an exit code. */
export function says(text: string, exitCode = 0, stderr = ''): string {
  const complaint = stderr === '' ? '' : `cat >&2 <<'EOF'\n${stderr}\nEOF\n`
  return `${text === '' ? '' : `cat <<'EOF'\n${text.replace(/\n$/u, '')}\nEOF\n`}${complaint}exit ${exitCode}\n`
}

export async function startStandInHost(): Promise<StandInHost> {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-stand-in-'))
  const sshd = await startSshd({ programs: dir })
  const { host, port, user, keyFile, knownHosts } = sshd
  const transport = createSshTransport({
    ...{ host, port, user, keyFile, knownHosts: parseKnownHosts(knownHosts), connectTimeoutMs: 8000 },
    signal: new AbortController().signal,
  })
  return {
    transport,
    dir,
    put: (program, body) => writeFileSync(join(dir, program), `#!/bin/sh\n${body}`, { mode: 0o755 }),
    stop: async () => {
      await transport.close()
      await sshd.stop()
      // A stand-in that was told to hang may still be ending.
      await sleep(10)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
