import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { newFolder, runEvidence } from './run-program.ts'

const folder = newFolder()
const hasShell = (name: string): boolean => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0

function scriptFile(shell: string): string {
  const { code, stdout } = runEvidence(folder, ['completion', shell])
  expect(code).toBe(0)
  const file = path.join(folder, `evidence.${shell}`)
  writeFileSync(file, stdout)
  return file
}

/** What a real bash offers after these words; the last one is being typed. */
function offered(...words: string[]): string[] {
  const program = `source ${scriptFile('bash')}
complete -p evidence >/dev/null || exit 9
COMP_WORDS=(evidence ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_evidence; printf '%s\\n' "\${COMPREPLY[@]}"`
  const ran = spawnSync('bash', ['--norc', '-c', program], { cwd: folder, encoding: 'utf8' })
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' })
  return ran.stdout.split('\n').filter((word) => word !== '')
}

describe('bash', () => {
  test('commands', () => {
    expect(offered('')).toEqual(expect.arrayContaining(['start', 'round', 'summary', 'guard', 'ledger', 'emit', 'completion', '--help']))
    expect(offered('gu')).toEqual(['guard'])
  })
  test('subcommands', () => {
    expect(offered('guard', '').filter((word) => !word.startsWith('--'))).toEqual(['declaration', 'dispatch', 'packets', 'contract', 'preflight', 'timeline'])
    expect(offered('guard', 'd')).toEqual(['declaration', 'dispatch'])
  })
  test('options of a command, also after an argument', () => {
    expect(offered('guard', 'declaration', 'a-round', '--d')).toEqual(['--declare'])
    expect(offered('round', 'run', '--e')).toEqual(['--estate'])
  })
  test('files after an option that takes one', () => {
    writeFileSync(path.join(folder, 'estate-of-mine.yaml'), '')
    expect(offered('round', 'run', '--estate', 'estate-of')).toEqual(['estate-of-mine.yaml'])
  })
  test('nothing where nothing fits', () => {
    expect(offered('guard', 'zzz')).toEqual([])
  })
})

describe('other shells', () => {
  test.skipIf(!hasShell('zsh'))('zsh reads its script (skipped where zsh is not installed)', () => {
    expect(spawnSync('zsh', ['-n', scriptFile('zsh')]).status).toBe(0)
  })
  test.skipIf(!hasShell('fish'))('fish reads its script (skipped where fish is not installed)', () => {
    expect(spawnSync('fish', ['--no-execute', scriptFile('fish')]).status).toBe(0)
  })
  test('fish offers subcommands only inside their command', () => {
    const lines = runEvidence(folder, ['completion', 'fish']).stdout.trimEnd().split('\n')
    expect(lines).toContain("complete -c evidence -n '__fish_use_subcommand' -f -a guard")
    expect(lines.some((line) => line.includes('-a declaration') && line.includes('__fish_seen_subcommand_from guard'))).toBe(true)
    for (const line of lines) expect(line).toMatch(/^complete -c evidence -n '[a-z_ ;-]+' (-l [a-z-]+|-f -a [a-z-]+)$/)
  })
})
