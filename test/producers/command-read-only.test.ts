import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CATALOGUE, type CommandId, commandLine, wordsOf } from '../../producers/commands/catalogue.ts'
import { PARAMETERS } from '../../producers/commands/parameters.ts'
import { isChange, STRACE, traceCommand } from '../support/strace.ts'

const IDS = Object.keys(CATALOGUE) as CommandId[]

/** An entry with the examples of its placeholders filled in. */
function exampleOf(id: CommandId): string[] {
  const names = wordsOf(id).flatMap((word) => ('literal' in word ? [] : [word]))
  const values = Object.fromEntries(names.map(({ name, isList }) => [name, isList ? [PARAMETERS[name].example] : PARAMETERS[name].example]))
  return (commandLine as (id: CommandId, values: unknown) => string[])(id, values)
}

/** A query that is one of ours (sql-text.test.ts) stands between the beginning and the end of a read-only transaction. */
const READ_ONLY_PSQL = /^-X -q -A -t -w -v ON_ERROR_STOP=1 -h -p -U -d -c BEGIN TRANSACTION READ ONLY -c SET LOCAL statement_timeout = 60000 -c -c ROLLBACK$/u

/**
 * Programs of the catalogue, and what must follow so that they only read. Written apart from the catalogue on purpose:
 * a new program, or a known one with another verb, fails until somebody has looked at it here.
 */
const READERS: Readonly<Record<string, RegExp>> = {
  cat: /^--$/u,
  crontab: /^-l$/u,
  grep: /^-R -a -n -H -e {2}\/etc\/crontab \/etc\/cron\.d$/u,
  journalctl: /^-k -b -q --no-pager -o cat$/u,
  ping: /^-n -q -i 0\.2 -c -W --$/u,
  ps: /^-e -o pid=,ppid=,pgid=,etimes=,cputimes=,comm=$/u,
  pgrep: /^-x -u 0 -P 1 cron\|crond$/u,
  sha256sum: /^--$/u,
  stat: /^-L -c (?:%s %Y|%u %g %a %Y %F|%d:%i) --$/u,
  ls: /^-1A --$/u,
  tail: /^(?:-n \+1|-c 1048576) --(?: \/proc\/[a-z0-9_/]+)*$/u,
  df: /^-[ik]PT$/u,
  pg_isready: /^-h -p -t$/u,
  pg_lsclusters: /^-h$/u,
  'redis-cli': /^-h -p (?:PING|INFO)$/u,
  restic: /^-r --password-file --no-lock --no-cache --json snapshots$/u,
  rclone: /^--config (?:listremotes|lsjson --files-only --no-mimetype --)$/u,
  kubectl: /^(?:--kubeconfig )?get --request-timeout=30s --raw$/u,
  ip: /^-o address show$/u,
  git: /^ls-remote --exit-code --$/u,
  '/var/ossec/bin/agent_control': /^-l$/u,
  psql: READ_ONLY_PSQL,
  docker: new RegExp(
    `^logs --since --$|^ps --no-trunc --format \\{\\{\\.Names\\}\\}$|^inspect --type container --format .* --$|^exec psql ${READ_ONLY_PSQL.source.slice(1)}`,
    'u',
  ),
  systemctl: /^(?:is-system-running|list-units .*|show .*)$/u,
}

describe('every entry of the catalogue', () => {
  it.each(IDS)('%s is a known reader, and its options stand before what the estate says', (id) => {
    const words = wordsOf(id)
    const own = words.flatMap((word) => ('literal' in word ? [word.literal] : []))
    const [program = '', ...rest] = own
    expect(READERS[program], `program ${program}`).toBeDefined()
    expect(rest.join(' ')).toMatch(READERS[program] ?? /^$/u)
    const free = words.findIndex((word) => !('literal' in word) && 'any' in PARAMETERS[word.name])
    const end = words.findIndex((word) => 'literal' in word && word.literal === '--')
    if (free >= 0) expect(end >= 0 && end < free, 'a free text stands behind --').toBe(true)
  })

  it.each(IDS)('%s is no shell, and no option is made of what the estate says', (id) => {
    const [program] = CATALOGUE[id] as readonly string[]
    expect(program).not.toMatch(/^(?:\/.*\/)?(?:ba|da|z|fi|k)?sh$|^(?:sudo|su|env|xargs|eval|ssh|nsenter)$/u)
    for (const word of wordsOf(id)) if (!('literal' in word)) expect(word.before).not.toMatch(/^-[^=]*$/u)
  })
})

describe.skipIf(STRACE === undefined)('every entry under a trace, as a user that owns nothing', () => {
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-trace-'))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it.each(IDS)('%s changes nothing', (id) => {
    const argv = exampleOf(id)
    const program = argv[0] ?? ''
    if (!isInstalled(program)) return console.log(`NOT TRACED, not on this machine: ${program} (${id})`)
    const { exitCode, changes } = traceCommand(argv)
    expect(changes).toEqual([])
    expect(exitCode, 'it ran to an end').not.toBeNull()
  })

  it('sees what does change something, also where it is refused', () => {
    expect(traceCommand(['touch', join(dir, 'new')]).changes).not.toEqual([])
    expect(traceCommand(['sh', '-c', `echo x > ${dir}/new`]).changes).not.toEqual([])
    expect(traceCommand(['sh', '-c', `mkdir ${dir}/sub; true`]).changes).not.toEqual([])
    expect(traceCommand(['tee', '/etc/hostname']).changes).not.toEqual([])
    expect(traceCommand(['kill', '-0', '1']).changes).not.toEqual([])
    expect(traceCommand(['sh', '-c', 'cat /etc/hostname >/dev/null | cat']).changes).toEqual([])
  })
})
if (STRACE === undefined) console.log('REAL STRACE ABSENT: no entry was traced')

it('reads a trace', () => {
  expect(isChange('12 openat(AT_FDCWD</>, "/etc/x", O_RDONLY|O_CLOEXEC) = 3</etc/x>')).toBe(false)
  expect(isChange('12 openat(AT_FDCWD</>, "/etc/x", O_RDONLY|O_CREAT, 0666) = -1 EACCES (Permission denied)')).toBe(true)
  expect(isChange('openat(AT_FDCWD</>, "/dev/null", O_RDWR) = 3')).toBe(false)
  expect(isChange('12 write(1<pipe:[42]>, "a", 1) = 1')).toBe(false)
  expect(isChange('12 write(3</etc/x>, "pipe:[", 1) = 1')).toBe(true)
  expect(isChange('12 splice(3<pipe:[1]>, NULL, 4</etc/x>, NULL, 1, 0) = 1')).toBe(true)
  expect(isChange('12 unlink("/etc/x") = -1 EACCES (Permission denied)')).toBe(true)
  expect(isChange('12 +++ exited with 0 +++')).toBe(false)
})

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}
