import { Command, CommanderError } from 'commander'
import { EvidenceError } from '../schemas/errors.ts'
import { addEvidenceCommands } from './commands.ts'
import { reportError } from './output.ts'

/** Runs one command line and sets the exit code; nothing below calls `process.exit`. */
export async function main(argv: string[]): Promise<void> {
  const isJson = argv.includes('--json')
  // A reader that closes early (`| head`) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 3)
  })
  const program = new Command()
  try {
    addEvidenceCommands(program)
    await program.parseAsync(argv)
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
    else process.exitCode = reportError(toKnown(error), isJson)
  }
}

function toKnown(error: unknown): unknown {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    return new EvidenceError('output_unwritable', `no space left: ${error.message}`, { remedy: 'free space and run the command again', cause: error })
  }
  return error
}
