import { type FileStat, ProbeFailure, type RunResult, type Transport } from '../../producers/transport.ts'

/** Answers by command line, for machines that no test machine is. What is not scripted does not exist. */
export function createScriptedTransport(
  commands: Record<string, (Partial<RunResult> & { text?: string }) | ProbeFailure>,
  paths: readonly string[] = [],
): Transport {
  return {
    run: async (argv) => {
      const answer = Object.entries(commands).find(([start]) => argv.join(' ').startsWith(start))?.[1]
      if (answer instanceof ProbeFailure) throw answer
      if (answer === undefined) return { exitCode: 127, stdout: Buffer.alloc(0), stderrLine: 'not found' }
      return { exitCode: 0, stderrLine: '', ...answer, stdout: Buffer.from(answer.text ?? '') }
    },
    readFile: async () => {
      throw new ProbeFailure('unreachable', 'read', 'file does not exist')
    },
    stat: async (path): Promise<FileStat> =>
      paths.includes(path) ? { exists: true, sizeBytes: 0, modifiedAt: '2026-06-27T04:00:00.000Z' } : { exists: false },
    close: async () => {},
  }
}
