import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteArgv } from '../../producers/transports/ssh-quote.ts'

const nasty = fc.constantFrom(
  "'",
  '"',
  '$HOME',
  '$(id)',
  '`id`',
  '\\',
  '\n',
  '*',
  '?',
  '~',
  '!',
  '#',
  '-n',
  '--',
  'a=b',
  '',
  ' ',
  '&',
  ';',
  '|',
  '{a,b}',
  '%1',
  'if',
)
const word = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.array(nasty, { maxLength: 4 }).map((parts) => parts.join('')),
  )
  .filter((text) => !text.includes('\0') && text.isWellFormed())

describe('quoteArgv', () => {
  it('gives every shell exactly the words', () => {
    const shells = ['sh', 'bash']
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), fc.constantFrom(...shells), (words, shell) => {
        const line = quoteArgv(['printf', '%s\\0', ...words, 'end'])
        const out = execFileSync(shell, ['-c', line], { encoding: 'utf8' })
        expect(out).toBe([...words, 'end'].map((text) => `${text}\0`).join(''))
      }),
      { numRuns: 150 },
    )
  })

  it('names the command itself, whatever it is called', () => {
    for (const name of ['if', 'a=b', '~', '%1', '$(id)', 'no such', "it's", '!', '{']) {
      const script = `${quoteArgv([name])}; echo "code $?"`
      const out = execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      expect(out).toBe('code 127\n')
    }
  })

  it('leaves plain words readable and refuses NUL and nothing', () => {
    expect(quoteArgv(['cat', '--', '/proc/loadavg'])).toBe('cat -- /proc/loadavg')
    expect(quoteArgv(['stat', '-c', '%s %Y', "it's"])).toBe("stat -c '%s %Y' 'it'\\''s'")
    expect(() => quoteArgv(['a\0b'])).toThrow(TypeError)
    expect(() => quoteArgv([])).toThrow(TypeError)
  })
})
