import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addEvidenceCommands } from '../../cli/commands.ts'

/** Examples of help texts are copied and run: they must name commands, options and files that are there. */
type Example = { path: string; command: Command; line: string }

function examplesOf(command: Command, above: string[] = []): Example[] {
  return command.commands.flatMap((one) => {
    const path = [...above, one.name()]
    let help = ''
    one.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
    const lines = (help.split('\nExamples:\n')[1] ?? '').split('\n').filter((line) => line.startsWith('  evidence '))
    return [...lines.map((line) => ({ path: path.join(' '), command: one, line: line.trim() })), ...examplesOf(one, path)]
  })
}

const program = new Command('evidence')
addEvidenceCommands(program)
const all = examplesOf(program)

describe('examples of the help texts', () => {
  it('are there for what an operator types in a recovery', () => {
    const wanted = ['start', 'round run', 'round show', 'summary', 'guard declaration', 'guard dispatch', 'guard packets', 'guard preflight', 'guard timeline']
    expect(wanted.filter((path) => !all.some((one) => one.path === path))).toEqual([])
    expect(all.length).toBeGreaterThan(40)
  })

  it.each(all)('$line', ({ command, line }) => {
    const known = command.options.map(({ long }) => long)
    expect((line.match(/--[a-z-]+/gu) ?? []).filter((option) => !known.includes(option))).toEqual([])
    expect((line.match(/examples\/\S+/gu) ?? []).filter((file) => !existsSync(file))).toEqual([])
    const group = command.parent?.name() ?? ''
    expect(line.split(' ').slice(1, 3)).toContain(group === 'evidence' ? command.name() : group)
  })
})
