/** Characters that mean nothing to a POSIX shell wherever they stand in a word. */
const PLAIN = /^[A-Za-z0-9_./:@,+-]+$/u
/** Words that a shell reads as syntax when they stand first. */
const RESERVED: ReadonlySet<string> = new Set(
  ['if', 'then', 'else', 'elif', 'fi', 'do', 'done', 'case', 'esac', 'while', 'until', 'for', 'in', 'function', 'select', 'time', 'coproc'], //
)

/**
 * One shell command line that gives exactly these words. SSH has no argv: the server hands one string to the user's
 * shell, which must be a POSIX one. Plain words stay bare so that a server's `command=` allow-list can name them.
 */
export function quoteArgv(argv: readonly string[]): string {
  if (argv.length === 0) throw new TypeError('a command has at least one word')
  return argv.map((word, i) => quoteWord(word, i === 0)).join(' ')
}

/** One word of a command line; `isFirst` where a shell would read a reserved word as syntax. */
export function quoteWord(word: string, isFirst = false): string {
  if (word.includes('\0')) throw new TypeError('a word of a command cannot hold NUL')
  if (PLAIN.test(word) && !(isFirst && RESERVED.has(word))) return word
  return `'${word.replaceAll("'", "'\\''")}'`
}
