import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadEstate } from '../../producers/estate-file.ts'
import { type Block, pages, REPOSITORY, readBlocks } from '../support/markdown-blocks.ts'

/**
 * What the pages show is what the program does. ```sh run blocks of a page run in order in one folder (`# exit 1` at the
 * end of a line is its expected exit code); a ```text output block is the stdout of the block before it, where … stands
 * for anything; ```yaml estate blocks are whole estates, and ```yaml check blocks checks of one.
 */
const all = pages().map((page) => ({ page, blocks: readBlocks(page) }))
const withInfo = (info: string) => all.filter(({ blocks }) => blocks.some((block) => block.info === info))

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-docs-'))
  symlinkSync(join(REPOSITORY, 'examples'), join(folder, 'examples'))
  writeFileSync(join(folder, 'evidence'), `#!/bin/sh\nexec '${process.execPath}' '${join(REPOSITORY, 'cli/evidence.js')}' "$@"\n`, { mode: 0o755 })
  return folder
}

/** One bash script for all blocks of a page, so that variables last; a marker on stdout ends each block. */
function toScript(blocks: readonly Block[]): string {
  return ['set -uo pipefail', ...blocks.flatMap(blockLines)].join('\n')
}

const MARKER = '@@end-of-block@@'

function blockLines(block: Block): string[] {
  return [
    ...commandsOf(block).flatMap(({ command, exit, line }) => [command, `[ $? = ${exit} ] || { echo "line ${line}: not exit ${exit}" >&2; exit 99; }`]),
    `echo ${MARKER}`,
  ]
}

type ShellCommand = { command: string; exit: number; line: number }

/** Joins lines that a backslash or a here-document holds together. */
function commandsOf({ text, line: start }: Block): ShellCommand[] {
  const commands: ShellCommand[] = []
  let open: string[] = []
  let until: string | null = null
  for (const [index, line] of text.split('\n').entries()) {
    open.push(line)
    const isInside: boolean = until === null ? line.endsWith('\\') : line !== until
    until = until === null ? (/<<'(\w+)'/.exec(line)?.[1] ?? null) : line === until ? null : until
    if (isInside || until !== null) continue
    const command = open.join('\n')
    open = []
    if (command.trim() === '' || command.startsWith('#')) continue
    const exit = /# exit (\d)$/m.exec(command.split('\n')[0] ?? '')?.[1] ?? '0'
    commands.push({ command, exit: Number(exit), line: start + index })
  }
  return commands
}

function toPattern(output: string): RegExp {
  const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const lines = output.trimEnd().split('\n')
  const parts = lines.map((line) => (line.trim() === '…' ? '(?:.*\n)*?' : `${line.split('…').map(literal).join('.*')}\n`))
  return new RegExp(`^${parts.join('')}$`)
}

describe.each(withInfo('sh run'))('$page', ({ blocks }) => {
  it('runs as written', { timeout: 120_000 }, () => {
    const folder = makeFolder()
    try {
      const runnable = blocks.filter((block) => block.info === 'sh run')
      const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, TZ: 'UTC' }
      const result = spawnSync('bash', ['-c', toScript(runnable)], { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
      expect(result.status, `${result.stdout}\n${result.stderr}`).toBe(0)
      const outputs = result.stdout.split(`${MARKER}\n`)
      for (const [index, block] of blocks.entries()) {
        if (block.info !== 'text output') continue
        const before = runnable.findLastIndex((one) => blocks.indexOf(one) < index)
        expect(outputs[before] ?? '', `output at line ${block.line}`).toMatch(toPattern(block.text))
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** What ```yaml check blocks may name. */
const FRAME = `estate: shop
version: "1"
policy: sop@1.78
known_hosts: known_hosts
hosts:
  - id: web-1
    address: 192.0.2.10
    transport: ssh
    ssh: { user: evidence }
commands:
  - id: schema-version
    argv: [cat, /srv/shop/SCHEMA]
  - id: cold-start-report
    argv: [/usr/local/bin/cold-start-check, --report]
gates:
  - id: P0-NETWORK
  - id: P1-SHOP
    depends_on: [P0-NETWORK]
checks:
`

describe('estates and checks of the pages', () => {
  const estates = all.flatMap(({ page, blocks }) => blocks.filter((block) => block.info === 'yaml estate').map((block) => ({ page, block, text: block.text })))
  const checks = all.flatMap(({ page, blocks }) =>
    blocks.filter((block) => block.info === 'yaml check').map((block) => ({ page, block, text: FRAME + block.text.replaceAll(/^(?=.)/gm, '  ') })),
  )

  it.each([...estates, ...checks].map((one) => ({ ...one, at: `${one.page}:${one.block.line}` })))('$at loads', async ({ text }) => {
    const folder = mkdtempSync(join(tmpdir(), 'evidence-docs-'))
    const file = join(folder, 'estate.yaml')
    writeFileSync(file, text)
    await loadEstate(file)
    rmSync(folder, { recursive: true })
  })

  it('are there', () => {
    expect([estates.length > 0, checks.length >= 10, withInfo('sh run').length >= 4]).toEqual([true, true, true])
  })
})

it('links of every page lead somewhere', () => {
  const broken = pages().flatMap((page) =>
    linksOf(page)
      .filter((target) => !existsSync(join(REPOSITORY, dirname(page), target)))
      .map((target) => `${page} -> ${target}`),
  )
  expect(broken).toEqual([])
})

/** Relative link targets of a page, without fragments. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8')
  return [...text.matchAll(/\]\(([^)#\s]+)/g)].map((match) => match[1] ?? '').filter((target) => !/^[a-z]+:/.test(target))
}
