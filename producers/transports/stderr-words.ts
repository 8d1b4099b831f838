/**
 * What a line of stderr says of a file, after scrubbing: `cannot stat 'token.json': No such file` has a name that looks
 * like a secret's and so lost its next word. Only the error itself ends in these words.
 */
export function saysMissing(stderrLine: string): boolean {
  return /(?:No|\[redacted\]) such file or directory|(?:Not|\[redacted\]) a directory/u.test(stderrLine)
}

export function saysDenied(stderrLine: string): boolean {
  return /(?:Permission|\[redacted\]) denied/iu.test(stderrLine)
}
