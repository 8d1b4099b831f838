import { Command, CommanderError } from 'commander'
import { EvidenceError } from '../schemas/errors.ts'
import { addEvidenceCommands } from './commands.ts'
import { reportError } from './output.ts'

/** Runs one command line and sets the exit code; nothing below calls `process.exit`. */
export async function main(argv: string[]): Promise<void> {
  const isJson = argv.includes('--json')
  // A reader that closes early (`| head`) is no error of ours, and it must not change the answer: the command goes on to
  // its own exit code.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exit(3)
  })
  const program = new Command()
  // Usage errors are reported like all others, below; help still goes where the parser sends it.
  program.configureOutput({ outputError: () => undefined, ...(isJson ? { writeErr: () => undefined } : {}) })
  try {
    addEvidenceCommands(program)
    await program.parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : reportUsage(error, isJson)
    else process.exitCode = reportError(toKnown(error), isJson)
  }
}

function reportUsage(error: CommanderError, isJson: boolean): 2 | 3 {
  // A command without its subcommand has printed its help instead.
  if (error.code === 'commander.help' && !isJson) return 2
  const message = error.code === 'commander.help' ? 'no command is named' : withoutValues(error)
  return reportError(new EvidenceError('usage', message, { remedy: '--help shows every command and option' }), isJson)
}

/** What stands where no value belongs may be a secret on its way to another option: it is not repeated. */
function withoutValues({ code, message }: CommanderError): string {
  const plain = message.replace(/^error: /, '').replaceAll('\n', ' ')
  if (code === 'commander.excessArguments') return plain.replace(/(but got \d+): .*$/, '$1')
  return code === 'commander.unknownOption' ? plain.replace(/^(unknown option '-[^'=]*)=.*?'(?= \(Did|$)/, "$1'") : plain
}

function toKnown(error: unknown): unknown {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    return new EvidenceError('output_unwritable', `no space left: ${error.message}`, { remedy: 'free space and run the command again', cause: error })
  }
  return error
}
