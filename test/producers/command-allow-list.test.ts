import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowListScript, commandPattern, type Grant } from '../../producers/commands/allow-list.ts'
import { CATALOGUE, type CommandId, commandLine, wordsOf } from '../../producers/commands/catalogue.ts'
import { PARAMETERS } from '../../producers/commands/parameters.ts'
import { freshnessQuery } from '../../producers/commands/sql-text.ts'
import { probeHost } from '../../producers/probes/host.ts'
import type { Transport } from '../../producers/transport.ts'
import { parseKnownHosts } from '../../producers/transports/known-hosts.ts'
import { createSshTransport } from '../../producers/transports/ssh.ts'
import { quoteArgv } from '../../producers/transports/ssh-quote.ts'
import { REPOSITORY, readBlocks } from '../support/markdown-blocks.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type SshServer, startSshd } from '../support/sshd.ts'

const IDS = Object.keys(CATALOGUE) as CommandId[]

/** An entry's example, granted with the examples of its free texts and nothing else. */
function exampleOf(id: CommandId): { argv: string[]; grant: Grant } {
  const names = wordsOf(id).flatMap((word) => ('literal' in word ? [] : [word]))
  const given = Object.fromEntries(names.map(({ name, isList }) => [name, isList ? [PARAMETERS[name].example] : PARAMETERS[name].example]))
  const free = names.filter(({ name }) => !('letters' in PARAMETERS[name])).map(({ name }) => [name, [PARAMETERS[name].example]])
  return { argv: (commandLine as (id: CommandId, values: unknown) => string[])(id, given), grant: { id, values: Object.fromEntries(free) } }
}

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-allow-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** The answer of a script to a command line, as sshd would ask it. */
function ask(grants: readonly Grant[], line: string | undefined): { status: number | null; stdout: string; stderr: string } {
  const file = join(dir, 'allow')
  writeFileSync(file, allowListScript(grants), { mode: 0o755 })
  return spawnSync(file, {
    env: line === undefined ? {} : { SSH_ORIGINAL_COMMAND: line },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 10_000,
  })
}

describe('the pattern of an entry', () => {
  /** What `grep -Eqx` says, without running anything. */
  const matches = (pattern: string, line: string): boolean =>
    spawnSync('grep', ['-Eqx', '-e', pattern], { input: `${line}\n`, env: { LC_ALL: 'C' } }).status === 0

  it.each(IDS)('%s matches its own command line and no longer one', (id) => {
    const { argv, grant } = exampleOf(id)
    const line = quoteArgv(argv)
    const pattern = commandPattern(grant)
    expect(matches(pattern, line)).toBe(true)
    for (const other of [
      `${line} --help`,
      `${line};id`,
      `${line}|id`,
      `x${line}`,
      `${line}\`id\``,
      `${line}$(id)`,
      `${line}>x`,
      `${line} &`,
      line.slice(0, -1).concat('$'),
    ]) {
      expect(matches(pattern, other), other).toBe(false)
    }
  })

  it('needs the values of a free text', () => {
    expect(() => commandPattern({ id: 'file.read' })).toThrow('file.read: list the values of path')
  })
})

describe('the script', () => {
  const grants: Grant[] = [{ id: 'host.disks' }, { id: 'file.read', values: { path: ['/etc/hostname', '/etc/my file', "/etc/it's"] } }]

  it('runs what is granted, word by word', () => {
    expect(ask(grants, 'cat -- /etc/hostname')).toMatchObject({ status: 0, stdout: readFileSync('/etc/hostname', 'utf8') })
    expect(ask(grants, "cat -- '/etc/my file'").stderr).toContain("'/etc/my file'")
    expect(ask(grants, quoteArgv(['cat', '--', "/etc/it's"])).stderr).toContain("it's")
    expect(ask(grants, 'df -kPT').status).toBe(0)
  })

  it.each([
    ['another file', 'cat -- /etc/passwd'],
    ['a file more', 'cat -- /etc/hostname /etc/passwd'],
    ['a list of commands', 'df -kPT; touch DIR/made'],
    ['a second line', 'df -kPT\ntouch DIR/made'],
    ['a second line in front', 'touch DIR/made\ndf -kPT'],
    ['a carriage return', 'df -kPT\r'],
    ['a substitution', 'cat -- $(touch DIR/made)'],
    ['a background command', 'df -kPT & touch DIR/made'],
    ['a redirection', 'cat -- /etc/hostname > DIR/made'],
    ['an option', 'df -kPT --help'],
    ['an entry that was not granted', 'systemctl is-system-running'],
    ['the name of the entry', 'host.disks'],
    ['a pattern character', 'df -kPTT'],
    ['nothing', ''],
    ['spaces in front', '  df -kPT'],
    ['no command at all, a login', undefined],
  ])('refuses %s', (_what, line) => {
    expect(ask(grants, line?.replaceAll('DIR', dir))).toMatchObject({ status: 126, stdout: '', stderr: 'not allowed\n' })
    expect(existsSync(join(dir, 'made'))).toBe(false)
  })

  it('does not take options for addresses', () => {
    expect(() => commandLine('file.read', { path: '' })).toThrow('file.read: not a value for path')
    expect(() => commandLine('file.read', { path: 'a\nb' })).toThrow('file.read: not a value for path')
  })
})

describe('a server that lets one key run the entries of the page and nothing else', () => {
  const page = readBlocks('docs/read-only.md')
  const script = page.find((block) => block.info === 'sh script')?.text ?? ''
  let sshd: SshServer
  let transport: Transport
  beforeAll(async () => {
    const file = join(dir, 'page-allow')
    writeFileSync(file, script, { mode: 0o755 })
    sshd = await startSshd({ keyPrefix: `restrict,command="${file}" ` })
    const { host, port, user, keyFile, knownHosts } = sshd
    transport = createSshTransport({
      ...{ host, port, user, keyFile, knownHosts: parseKnownHosts(knownHosts), connectTimeoutMs: 8000 },
      signal: new AbortController().signal,
    })
  })
  afterAll(async () => {
    await transport.close()
    await sshd.stop()
  })

  it('is what the program of the page writes', () => {
    const command = page.find((block) => block.info === 'sh make')?.text ?? ''
    const made = spawnSync('bash', ['-c', command.replace('node ', `${process.execPath} `)], { cwd: REPOSITORY, encoding: 'utf8' })
    expect(made.stderr).toBe('')
    expect(`${script.trimEnd()}\n`).toBe(made.stdout)
    const make = (...args: string[]) => spawnSync(process.execPath, ['producers/commands/make-allow-list.ts', ...args], { cwd: REPOSITORY, encoding: 'utf8' })
    const query = freshnessQuery({ table: 'public.orders', column: '日期' })
    expect(make(`sql.query query=${query}`, 'file.read path=/srv/my file path=/etc/x')).toMatchObject({
      status: 0,
      stdout: allowListScript([
        { id: 'sql.query', values: { query: [query] } },
        { id: 'file.read', values: { path: ['/srv/my file', '/etc/x'] } },
      ]),
    })
    expect(make('sql.query query=DROP TABLE orders')).toMatchObject({ status: 2, stdout: '', stderr: 'sql.query: not a value for query: DROP TABLE orders\n' })
    const wrong = spawnSync(process.execPath, ['producers/commands/make-allow-list.ts', 'file.read'], { cwd: REPOSITORY, encoding: 'utf8' })
    expect(wrong).toMatchObject({ status: 2, stdout: '', stderr: 'file.read: list the values of path\n' })
  })

  it('gives a host probe its facts, and nothing to anybody else', async () => {
    if (!sshd.isReal) return console.log("skipped: ssh2's own server knows no forced commands")
    const { facts } = await probeHost(makeCheck('host', {}), makeContext({ transport, timeoutMs: 8000 }))
    expect(facts.boot_id).toHaveLength(36)
    expect(facts.disks?.length).toBeGreaterThan(0)
    expect(facts.systemd).not.toBeNull()
    const options = { timeoutMs: 8000, maxBytes: 100_000, signal: new AbortController().signal }
    expect(await transport.run(['id'], options)).toMatchObject({ exitCode: 126, stderrLine: 'not allowed' })
    expect(await failureOf(transport.readFile('/etc/passwd', options))).toBe('exit_status read: exit code 126: not allowed')
    expect((await transport.stat('/etc/shop/shop.conf', options)).exists).toBe(false)
    expect(await transport.run(['touch', join(dir, 'made')], options)).toMatchObject({ exitCode: 126 })
    expect(existsSync(join(dir, 'made'))).toBe(false)
  })
})
