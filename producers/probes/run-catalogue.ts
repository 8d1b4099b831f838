import type { ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions, type RunResult } from '../transport.ts'
import { saysDenied } from '../transports/stderr-words.ts'

/** Runs a command line of the catalogue. An exit code outside `okExitCodes` is a failed look: its output is no evidence. */
export async function runCatalogue(
  { transport }: ProbeContext,
  argv: readonly string[],
  options: RunOptions,
  okExitCodes: readonly number[] = [0],
): Promise<RunResult> {
  const result = await transport.run(argv, options)
  if (okExitCodes.includes(result.exitCode)) return result
  const said = result.stderrLine === '' ? '' : `: ${result.stderrLine}`
  const isDenied = result.exitCode === 126 || saysDenied(result.stderrLine)
  throw new ProbeFailure(isDenied ? 'permission' : 'exit_status', 'exec', scrubLine(`${argv[0]}: exit code ${result.exitCode}${said}`))
}
