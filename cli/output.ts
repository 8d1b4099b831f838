import { EvidenceError, exitCodeOf } from '../schemas/errors.ts'

/** The answer of a command: 0 yes, 1 no (contract §5). Errors end in 2 or 3. */
export type Answer = 0 | 1

/** Results go to stdout; `text` ends with a line end. */
export function printResult(isJson: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(isJson ? `${JSON.stringify(value, null, 2)}\n` : text)
}

/** One result of many, on stdout as it comes: a line of text, or of JSON. */
export function printLine(isJson: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(`${isJson ? JSON.stringify(value) : text}\n`)
}

/** Progress and notes go to stderr, one line each. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

const COLOURS = { red: 31, green: 32, yellow: 33, bold: 1 } as const

/** Colour only on a terminal and never with NO_COLOR. */
export function paint(colour: keyof typeof COLOURS, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return stream.isTTY && !process.env.NO_COLOR ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text
}

/** Prints an error once, with its remedy, and gives the exit code. An unknown error is `internal`: could not tell. */
export function reportError(error: unknown, isJson: boolean): 2 | 3 {
  const known =
    error instanceof EvidenceError ? error : new EvidenceError('internal', error instanceof Error ? error.message : 'unknown error', { cause: error })
  const { code, message, remedy } = known
  if (isJson) process.stderr.write(`${JSON.stringify({ error: { code, message, remedy: remedy ?? null } })}\n`)
  else process.stderr.write(`evidence: ${code}: ${message}\n${remedy === undefined ? '' : `  ${remedy}\n`}`)
  if (code === 'internal' && process.env.EVIDENCE_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return exitCodeOf(code)
}
