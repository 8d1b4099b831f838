import { isParameter, type ParameterName } from './parameters.ts'

/**
 * One query in a read-only transaction, as a role that needs no password typed (`-w`); nothing of the user's own psql
 * settings is read (`-X`). The server ends the query after a minute by itself.
 */
const PSQL = [
  ...(['psql', '-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1', '-h', '{address}', '-p', '{port}', '-U', '{role}'] as const),
  ...(['-d', 'dbname={database} connect_timeout=5 client_encoding=UTF8 application_name=evidence-ledger'] as const),
  ...(['-c', 'BEGIN TRANSACTION READ ONLY', '-c', 'SET LOCAL statement_timeout = 60000', '-c', '{query}', '-c', 'ROLLBACK'] as const),
] as const

/**
 * One JSON object a container, of these fields only: a container's environment and the output of its health check may
 * hold secrets. The spaces in `{{ end }}` keep it from being read as a placeholder.
 */
const CONTAINER =
  '{"name":{{json .Name}},"status":{{json .State.Status}},"exit_code":{{json .State.ExitCode}},"oom_killed":{{json .State.OOMKilled}},"started_at":{{json .State.StartedAt}},"restarts":{{json .RestartCount}},"health":{{if .State.Health}}{{json .State.Health.Status}}{{ else }}null{{ end }}}'

/**
 * Every command line that a probe may run on a machine, by id. Nothing else is ever run but the commands that the
 * estate itself lists (docs/estate.md). A word is literal, or holds one placeholder of `PARAMETERS`; `{name...}` is one
 * word or more. A placeholder without an address behind a program's options stands behind `--`.
 *
 * No entry can write: test/producers/command-read-only.test.ts runs each of them under a trace as a user that owns
 * nothing, and docs/read-only.md shows how a server enforces it.
 */
export const CATALOGUE = {
  'file.read': ['cat', '--', '{path}'],
  'file.stat': ['stat', '-L', '-c', '%s %Y', '--', '{path}'],
  'file.owner': ['stat', '-L', '-c', '%u %g %a %Y %F', '--', '{path}'],
  'file.identity': ['stat', '-L', '-c', '%d:%i', '--', '{path}'],
  'file.digest': ['sha256sum', '--', '{path}'],
  'folder.list': ['ls', '-1A', '--', '{folder}/'],
  'host.files': [
    'tail',
    '-n',
    '+1',
    '--',
    '/proc/sys/kernel/random/boot_id',
    '/proc/sys/kernel/osrelease',
    '/proc/uptime',
    '/proc/loadavg',
    '/proc/meminfo',
    '/proc/stat',
    '/proc/self/mountinfo',
  ],
  'host.disks': ['df', '-kPT'],
  'host.inodes': ['df', '-iPT'],
  'file.tail': ['tail', '-c', '1048576', '--', '{path}'],
  'systemd.state': ['systemctl', 'is-system-running'],
  'systemd.units': ['systemctl', 'show', '--no-pager', '-p', 'Id,LoadState,ActiveState,SubState,Result,UnitFileState,NRestarts,Type', '--', '{unit...}'],
  // Names of programs without their arguments, which may hold secrets.
  'process.list': ['ps', '-e', '-o', 'pid=,ppid=,pgid=,etimes=,cputimes=,comm='],
  'host.load': ['tail', '-n', '+1', '--', '/proc/uptime', '/proc/loadavg', '/proc/stat'],
  'host.pressure': ['tail', '-n', '+1', '--', '/proc/pressure/io', '/proc/pressure/memory'],
  'systemd.matching': ['systemctl', 'list-units', '--all', '--type=service', '--plain', '--no-legend', '--full', '--', '{pattern}'],
  'systemd.limits': ['systemctl', 'show', '--no-pager', '-p', 'Id,LoadState,ActiveState,CPUQuotaPerSecUSec,MemoryMax,WatchdogUSec', '--', '{unit...}'],
  'net.ping': ['ping', '-n', '-q', '-i', '0.2', '-c', '{count}', '-W', '{seconds}', '--', '{address}'],
  // Messages without times and names; `-b` is this boot, `-q` leaves out what journalctl itself has to say.
  'kernel.log': ['journalctl', '-k', '-b', '-q', '--no-pager', '-o', 'cat'],
  'docker.logs': ['docker', 'logs', '--since', '{hours}h', '--', '{container}'],
  'docker.running': ['docker', 'ps', '--no-trunc', '--format', '{{.Names}}'],
  // A child of the first process: a cron in a container has another parent, and runs nothing of the host.
  'cron.daemon': ['pgrep', '-x', '-u', '0', '-P', '1', 'cron|crond'],
  'cron.own': ['crontab', '-l'],
  'cron.system': ['grep', '-R', '-a', '-n', '-H', '-e', '', '/etc/crontab', '/etc/cron.d'],
  'docker.containers': ['docker', 'inspect', '--type', 'container', '--format', CONTAINER, '--', '{container...}'],
  'systemd.failed': ['systemctl', 'list-units', '--failed', '--plain', '--no-legend', '--full'],
  // `-t` is in whole seconds, and 0 would wait for ever.
  'postgres.accepting': ['pg_isready', '-h', '{address}', '-p', '{port}', '-t', '{seconds}'],
  'postgres.clusters': ['pg_lsclusters', '-h'],
  'redis.ping': ['redis-cli', '-h', '{address}', '-p', '{port}', 'PING'],
  'redis.info': ['redis-cli', '-h', '{address}', '-p', '{port}', 'INFO'],
  'sql.query': PSQL,
  'sql.query-in-container': ['docker', 'exec', '{container}', ...PSQL],
  // Neither a lock nor a cache is written, nor a folder for a configuration that nobody named.
  'restic.snapshots': ['restic', '-r', '{repository}', '--password-file', '{password}', '--no-lock', '--no-cache', '--json', 'snapshots'],
  'rclone.remotes': ['rclone', '--config', '{config}', 'listremotes'],
  'rclone.list': ['rclone', '--config', '{config}', 'lsjson', '--files-only', '--no-mimetype', '--', '{remote}'],
  // `--raw` can only GET, and asks for no list of resources that kubectl would then keep in a cache.
  'k8s.get': ['kubectl', 'get', '--request-timeout=30s', '--raw', '{resource}'],
  'k8s.get-with-config': ['kubectl', '--kubeconfig', '{config}', 'get', '--request-timeout=30s', '--raw', '{resource}'],
  'network.addresses': ['ip', '-o', 'address', 'show'],
  'rclone.files': ['rclone', '--config', '{config}', 'lsjson', '--files-only', '--no-mimetype', '--', '{intake}'],
  // The second name is that of the commit which an annotated tag points to.
  'git.head': ['git', 'ls-remote', '--exit-code', '--', '{source}', '{ref}', '{peeled}'],
  'wazuh.agents': ['/var/ossec/bin/agent_control', '-l'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type CommandId = keyof typeof CATALOGUE

type WordsOf<I extends CommandId> = (typeof CATALOGUE)[I][number]
type ListName<W> = W extends `${string}{${infer N extends ParameterName}...}${string}` ? N : never
type SingleName<W> = W extends `${string}{${string}...}${string}` ? never : W extends `${string}{${infer N extends ParameterName}}${string}` ? N : never
/** What an entry's placeholders are filled with; `{name...}` takes a list of at least one. */
export type CommandValues<I extends CommandId> = { [N in SingleName<WordsOf<I>>]: string } & { [N in ListName<WordsOf<I>>]: readonly string[] }

const PLACEHOLDER = /^(.*)\{([a-z]+)(\.\.\.)?\}(.*)$/su

/** A word of an entry: literal, or text around one placeholder. */
export type Word = { literal: string } | { before: string; name: ParameterName; isList: boolean; after: string }

/** The words of an entry, read. */
export function wordsOf(id: CommandId): Word[] {
  return CATALOGUE[id].map((word) => {
    const match = PLACEHOLDER.exec(word)
    if (match === null) return { literal: word }
    const [, before = '', name = '', dots, after = ''] = match
    return { before, name: name as ParameterName, isList: dots !== undefined, after }
  })
}

/**
 * The argv of an entry with its placeholders filled in. Throws `TypeError` where a value may not stand in its
 * placeholder: the estate's schema refuses such values, so this is a mistake of ours and not of an operator.
 */
export function commandLine<I extends CommandId>(id: I, ...[values]: CommandValues<I> extends Record<string, never> ? [] : [CommandValues<I>]): string[] {
  const given: Readonly<Record<string, string | readonly string[]>> = values ?? {}
  return wordsOf(id).flatMap((word) => {
    if ('literal' in word) return [word.literal]
    const value = given[word.name]
    const all = word.isList ? value : [value]
    if (!Array.isArray(all) || all.length === 0) throw new TypeError(`${id}: nothing given for ${word.name}`)
    return all.map((one: unknown) => {
      if (typeof one !== 'string' || !isParameter(word.name, one)) throw new TypeError(`${id}: not a value for ${word.name}`)
      return `${word.before}${one}${word.after}`
    })
  })
}
