import type { ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions, type RunResult } from '../transport.ts'

/**
 * Runs one of the estate's named commands, and nothing else. An exit code outside `okExitCodes` is a failed look: its
 * output is not evidence.
 */
export async function runEstateCommand(
  context: ProbeContext,
  id: string,
  okExitCodes: readonly number[],
  options: RunOptions,
): Promise<RunResult & { argv: readonly string[] }> {
  const command = context.commands.find((one) => one.id === id)
  if (command === undefined) throw new ProbeFailure('internal', 'exec', scrubLine(`no command ${id} in the estate`))
  const result = await context.transport.run(command.argv, options)
  if (!okExitCodes.includes(result.exitCode)) {
    const said = result.stderrLine === '' ? '' : `: ${result.stderrLine}`
    throw new ProbeFailure('exit_status', 'exec', scrubLine(`exit code ${result.exitCode}${said}`))
  }
  return { ...result, argv: command.argv }
}
