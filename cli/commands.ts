import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { TOOL } from '../schemas/tool.ts'
import { addExamples } from './examples.ts'
import type { Answer } from './output.ts'

type Options = Record<string, never>
type Action = (args: string[], options: Options) => Promise<Answer>

/** Imports a command's file only when it runs: a guard must not wait for SSH, YAML or SQLite to load. */
function lazy(load: () => Promise<{ run: (args: never, options: never) => Promise<Answer> }>) {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command
    const { run } = await load()
    process.exitCode = await (run as unknown as Action)(command.processedArgs as string[], command.optsWithGlobals() as Options)
  }
}

const LEDGER = () => new Option('--ledger <file>', 'the local ledger').env('EVIDENCE_LEDGER').default('./evidence.db')
const JSON_OPTION = () => new Option('--json', 'print JSON instead of text')
const POLICY = () => new Option('--policy <ref>', 'judge under this policy, such as sop@1.78 (default: the one of the round)')
const BROKERS = () => new Option('--brokers <list>', 'Kafka brokers, host:port, comma-separated').env('EVIDENCE_KAFKA_BROKERS').argParser(list)
const ACCESS = () => new Option('--access <file>', 'tokens of the HTTP API (default: the ledger file with .access.db)').env('EVIDENCE_ACCESS')
/** Only said: brokers of the environment would turn a local service into one on Kafka. */
const BROKERS_OF_SERVE = () => new Option('--brokers <list>', 'append to Kafka instead of the local ledger; needs --clickhouse').argParser(list)
const KAFKA_CONFIG = () => new Option('--kafka-config <file>', 'Kafka settings as JSON: TLS, SASL, topics (docs/kafka.md)')
const NOTIFY_URL = () =>
  new Option('--notify-url <url>', 'POST a message here when the state changes; where it holds a token, use the environment').env('EVIDENCE_NOTIFY_URL')
const NOTIFY_COOLDOWN = () => new Option('--notify-cooldown <seconds>', 'the same problem not again before that (default: 21600)').argParser(toCount)
const NOTIFY_DRY_RUN = () => new Option('--notify-dry-run', 'print messages on stderr instead of sending them')
const list = (value: string): string[] => value.split(',').filter((item) => item !== '')
const collect = (value: string, all: string[]): string[] => [...all, value]

/** Every command of the program, in one table (contract §6). */
export function addEvidenceCommands(program: Command): void {
  program
    .name('evidence')
    .description('Proves, after a reboot or a disaster, what may honestly be said about an estate of servers, and what may not.')
    .version(TOOL.version)
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', EXIT_CODES)
  addStart(program)
  addRound(program)
  addMonitor(program)
  addSummary(program)
  addGuard(program)
  addEscrow(program)
  addReview(program)
  addBundle(program)
  addExport(program)
  addLedger(program)
  addHistory(program)
  addEmit(program)
  addRelay(program)
  addProject(program)
  addServe(program)
  addToken(program)
  addCompletion(program)
  addExamples(program)
}

const EXIT_CODES = `
Exit codes: 0 the answer is yes; 1 the answer is no; 2 bad input or usage; 3 could not tell.

Examples:
  evidence round run --estate examples/localhost/estate.yaml
  evidence guard declaration ROUND --declare FULL_STACK_GREEN
  evidence guard dispatch --summary-file out/ROUND/summary.txt`

function addStart(program: Command): void {
  program
    .command('start')
    .description('a real round over this machine, with everything it allows and forbids')
    .addOption(new Option('--estate <file>', 'estate file (default: the bundled localhost estate)'))
    .addOption(LEDGER())
    .addOption(new Option('--out <dir>', 'folder for summaries and packets').default('./out'))
    .action(lazy(() => import('./commands/start.ts')))
}

function addRound(program: Command): void {
  const round = program.command('round').description('collect evidence, import it, look at it')
  round
    .command('run')
    .description('one pass of evidence collection over an estate; exit 0 only for a green result')
    .requiredOption('--estate <file>', 'estate file (docs/estate.md)')
    .addOption(POLICY())
    .option('--id <id>', 'round id (default: estate and time, UTC)')
    .addOption(new Option('--only <gates>', 'look only at these gates, comma-separated; the rest is not evaluated').argParser(list))
    .addOption(new Option('--skip <parts>', 'skip these parts, comma-separated; they are not evaluated').argParser(list))
    .addOption(new Option('--out <dir>', 'folder for summaries').default('./out'))
    .option('--operator <name>', 'who runs it (default: the user name)')
    .option(
      '--send-alert-test',
      'send the end-to-end test alert of alertmanager checks; without it their warning stands; with --watch once nothing else is missing',
    )
    .option('--watch', 'again and again until a round is green: each attempt a round of its own, ID-a01, ID-a02, …')
    .addOption(new Option('--interval <seconds>', 'with --watch: pause between attempts (default: 60)').argParser(toCount))
    .addOption(new Option('--max-attempts <n>', 'with --watch: at most so many (default: 30)').argParser(toCount))
    .addOption(NOTIFY_URL())
    .addOption(NOTIFY_COOLDOWN())
    .addOption(NOTIFY_DRY_RUN())
    .option('--quiet', 'no progress on stderr')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      '\nExamples:\n  evidence round run --estate estate.yaml\n  evidence round run --estate estate.yaml --skip backup,cpu --policy sop@1.76\n  evidence round run --estate estate.yaml --watch --interval 60 --max-attempts 30',
    )
    .action(lazy(() => import('./commands/round-run.ts')))
  round
    .command('import')
    .argument('<file>', 'recorded rounds (.yaml, docs/recorded-rounds.md) or CloudEvents (.ndjson)')
    .description('take recorded rounds or exported events into the ledger')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nExamples:\n  evidence round import examples/awoooi/rounds/june-26-to-27.yaml\n  evidence round import export.ndjson')
    .action(lazy(() => import('./commands/round-import.ts')))
  round
    .command('list')
    .description('rounds of the ledger, newest first, with their results')
    .addOption(new Option('--limit <n>', 'at most so many').argParser(toCount).default(50))
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/round-list.ts')))
  round
    .command('show')
    .argument('<id>', 'round id')
    .description('every gate and check of a round; exit 0 only for a green result')
    .addOption(POLICY())
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/round-show.ts')))
  round
    .command('diff')
    .argument('<a>', 'round id')
    .argument('<b>', 'round id')
    .description('what differs between two rounds, check by check and key by key; exit 0 when nothing does')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/round-diff.ts')))
  round
    .command('record')
    .argument('<id>', 'round id')
    .description('the reboot record of a round (Markdown), compared with the reboot before; what evidence does not say is unknown')
    .addOption(new Option('--previous <id>', 'compare with this round (default: the newest earlier one of the estate, in another boot)'))
    .addOption(new Option('--output <file>', 'write here instead of stdout'))
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nExamples:\n  evidence round record ROUND --output reboot.md\n  evidence round record ROUND --previous OTHER --json')
    .action(lazy(() => import('./commands/round-record.ts')))
  round
    .command('rejudge')
    .argument('<id>', 'round id')
    .description('the same evidence under another policy version, with the difference')
    .requiredOption('--policy <ref>', 'policy, such as sop@1.28')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/round-rejudge.ts')))
}

function addMonitor(program: Command): void {
  program
    .command('monitor')
    .description('rounds on a schedule, told as metrics in a node-exporter textfile, until interrupted')
    .requiredOption('--estate <file>', 'estate file (docs/estate.md)')
    .option('--textfile <file>', 'write the metrics here; a name that ends in .prom, in the folder of the textfile collector')
    .addOption(new Option('--interval <seconds>', 'start a round every so many seconds').argParser(toCount).default(600))
    .option('--once', 'one round, and end with its exit code; for timers')
    .option('--print-rules', 'print Prometheus rules for the metrics of this estate and interval, and run nothing')
    .addOption(NOTIFY_URL())
    .addOption(NOTIFY_COOLDOWN())
    .addOption(NOTIFY_DRY_RUN())
    .addOption(POLICY())
    .addOption(new Option('--skip <parts>', 'skip these parts, comma-separated; they are not evaluated').argParser(list))
    .addOption(new Option('--out <dir>', 'folder for summaries').default('./out'))
    .option('--operator <name>', 'who runs it (default: the user name)')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      '\nExamples:\n  evidence monitor --estate estate.yaml --textfile /var/lib/prometheus/node-exporter/cold_start.prom\n  evidence monitor --estate estate.yaml --textfile cold_start.prom --once\n  evidence monitor --estate estate.yaml --print-rules > monitor-rules.yml',
    )
    .action(lazy(() => import('./commands/monitor.ts')))
}

function addSummary(program: Command): void {
  withSource(program.command('summary'))
    .description('summary.txt of a round, or a summary file read strictly and shown as it counts')
    .action(lazy(() => import('./commands/summary.ts')))
}

/** A guard takes a round of the ledger or a summary file. */
function withSource(command: Command): Command {
  return command
    .addArgument(new Argument('[id]', 'round id in the ledger'))
    .addOption(new Option('--summary-file <file>', 'read this summary.txt instead of the ledger'))
    .addOption(POLICY())
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
}

function addGuard(program: Command): void {
  const guard = program.command('guard').description('what may be said, what owners must still prove, what they sent back')
  const guarded = (name: string, description: string): Command =>
    withSource(guard.command(name))
      .description(description)
      .addOption(new Option('--no-record', 'do not record this decision in the ledger'))
      .action(lazy(() => import(`./commands/guard-${name}.ts`)))
  guarded('declaration', 'which declarations are allowed and which are forbidden, and why')
    .addOption(new Option('--declare <name>', 'exit 1 unless this declaration is allowed; repeatable').argParser(collect).default([], 'none'))
    .addHelpText(
      'after',
      '\nExamples:\n  evidence guard declaration ROUND --declare SERVICE_GREEN --declare FULL_STACK_GREEN\n  evidence guard declaration --summary-file out/ROUND/summary.txt --json',
    )
  guarded('dispatch', 'checklists for the owner gates that are still open; exit 1 while services are not green')
  guarded('packets', 'owner packets as JSON, for review; neither a request nor an approval')
    .addOption(new Option('--output <file>', 'write here instead of stdout'))
    .addOption(new Option('--template <file>', 'also write the response template here'))
    .addOption(new Option('--html <file>', 'also write a page to print and sign here'))
    .addOption(new Option('--lang <language>', 'headings of that page').choices(['en', 'zh-Hant']).default('en'))
  guarded('contract', 'checks a packet file against its summary').addOption(new Option('--packet-file <file>', 'the packet file').makeOptionMandatory())
  guarded('preflight', 'checks what an owner sent back; fails closed, accepts nothing').addOption(
    new Option('--response-file <file>', 'what the owner sent back'),
  )
  guard
    .command('timeline')
    .argument('<id>', 'round id in the ledger')
    .description('where a recovery stands, T+0 to T+120, and what may be said; exit 0 only at full-stack green')
    .addOption(new Option('--since <time>', 'power-on or reboot, with its offset (default: the newest boot the round saw)'))
    .addOption(POLICY())
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nExamples:\n  evidence guard timeline ROUND\n  evidence guard timeline ROUND --since 2026-06-27T11:05:00+08:00 --json')
    .action(lazy(() => import('./commands/guard-timeline.ts')))
}

function addEscrow(program: Command): void {
  const escrow = program.command('escrow').description('markers of recovery records: references, never secrets')
  escrow
    .command('status')
    .description('markers and reviews of every item in escrow; exit 0 only when none is missing')
    .addOption(new Option('--estate <file>', 'look now, as a round of this estate would'))
    .addOption(new Option('--round <id>', 'do not look: what this round of the ledger saw'))
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nExamples:\n  evidence escrow status --estate estate.yaml\n  evidence escrow status --round ROUND')
    .action(lazy(() => import('./commands/escrow-status.ts')))
  escrow
    .command('mark')
    .description('write the marker of an item, after a --dry-run of the same item and evidence id')
    .requiredOption('--item <item>', 'the item')
    .requiredOption('--evidence-id <id>', 'id of an existing record outside; never a secret')
    .requiredOption('--markers <dir>', 'folder of the markers')
    .option('--dry-run', 'check everything, record that it passed, write no marker')
    .addOption(new Option('--estate <file>', 'take the items of this estate (default: the five of the runbook)'))
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/escrow-mark.ts')))
}

function addReview(program: Command): void {
  program
    .command('review')
    .description('the word of an independent reviewer')
    .command('record')
    .argument('<round>', 'round id')
    .description('accept or reject a preflighted response until a date; authorizes nothing')
    .requiredOption('--gate <gate>', 'owner gate of the round')
    .requiredOption('--response-file <file>', 'exactly the file that was preflighted')
    .addOption(new Option('--packet-file <file>', 'also check that this is the packet file of the round'))
    .requiredOption('--reviewer <name>', 'neither the owner nor the operator of the round')
    .requiredOption('--owner <name>', 'owner_id of the response')
    .addOption(new Option('--decision <decision>', 'what the reviewer says').choices(['accepted', 'rejected']).makeOptionMandatory())
    .addOption(new Option('--expires <date>', 'first day or moment (UTC) that an acceptance no longer counts; at most 366 days ahead'))
    .addOption(new Option('--items <items>', 'only these items, comma-separated (default: all that the response evidences)').argParser(list))
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/review-record.ts')))
}

function addBundle(program: Command): void {
  const bundle = program.command('bundle').description('the audit bundle of a round: everything its verdict rests on, in one file')
  bundle
    .command('export')
    .argument('<round>', 'round id')
    .description('write the audit bundle of a round, a tar file')
    .addOption(POLICY())
    .addOption(new Option('--output <file>', 'write here (default: ROUND.bundle.tar in this folder)'))
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nExamples:\n  evidence bundle export ROUND --output round.tar\n  evidence bundle verify round.tar')
    .action(lazy(() => import('./commands/bundle-export.ts')))
  bundle
    .command('verify')
    .argument('<file>', 'the bundle')
    .description('replay a bundle, with nothing but the file; exit 0 only where every byte is what its events give and the root was sealed')
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nExit 1: something differs (the first difference is named), or the round proves nothing. Exit 2: the file is no bundle.')
    .action(lazy(() => import('./commands/bundle-verify.ts')))
}

function addExport(program: Command): void {
  const forms = program.command('export').description('a round in forms that other programs read (docs/exports.md)')
  const form = (name: string, description: string): Command =>
    forms
      .command(name)
      .argument('<round>', 'round id')
      .description(description)
      .addOption(POLICY())
      .addOption(new Option('--output <file>', 'write here instead of stdout'))
      .addOption(LEDGER())
      .action(lazy(async () => ({ run: (await import('./commands/export-form.ts')).writes(name) })))
  form('in-toto', 'unsigned in-toto Statement v1 with the predicate test-result v0.1')
  form('oscal', 'OSCAL assessment-results 1.2.3')
}

function addLedger(program: Command): void {
  const ledger = program.command('ledger').description('prove, export and measure the ledger')
  ledger
    .command('verify')
    .description('hashes every event, root and seal again and names the first thing that is wrong')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/ledger-verify.ts')))
  ledger
    .command('export')
    .description('events as CloudEvents NDJSON, which `round import` takes back')
    .option('--round <id>', 'only this round')
    .addOption(new Option('--output <file>', 'write here instead of stdout'))
    .addOption(LEDGER())
    .action(lazy(() => import('./commands/ledger-export.ts')))
  ledger
    .command('stats')
    .description('events, rounds and size')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/ledger-stats.ts')))
}

/** A question of `HistoryStore` each; `docs/history.md` explains them. */
function addHistory(program: Command): void {
  const history = program.command('history').description('questions about many rounds, of the local ledger or of ClickHouse; exit 1 where nothing is found')
  const question = (name: string, args: readonly (readonly [string, string])[], description: string): Command => {
    const command = history.command(name).description(description)
    for (const [argument, meaning] of args) command.argument(`<${argument}>`, meaning)
    return command
      .addOption(new Option('--clickhouse <url>', 'ask ClickHouse instead of the local ledger (docs/clickhouse.md)'))
      .addOption(LEDGER())
      .addOption(JSON_OPTION())
      .action(lazy(async () => ({ run: (await import('./commands/history.ts')).answers(name) })))
  }
  const ranged = (command: Command): Command =>
    command.option('--from <time>', 'from this day or time on, UTC').option('--to <time>', 'up to this day or time, UTC; it still counts')
  const paged = (command: Command): Command =>
    command
      .addOption(new Option('--limit <n>', 'at most so many').argParser(toCount).default(100))
      .option('--after <cursor>', 'go on after the page before, with the cursor it gave')
  const ESTATE = ['estate', 'estate id'] as const
  const CHECK = ['check', 'check id'] as const
  paged(ranged(question('rounds', [], 'rounds, newest first')))
    .option('--estate <id>', 'only this estate')
    .option('--overall <result>', 'only rounds that ended like this, such as BLOCKED')
  paged(question('events', [['round', 'round id']], 'events of a round in order of time'))
  ranged(question('key', [ESTATE, ['key', 'key of the summary, such as SERVICE_GREEN']], 'a summary key over time, only its changes'))
  ranged(question('check', [ESTATE, CHECK], 'a check over time, only its changes'))
  ranged(question('allowed', [ESTATE], 'declarations that were ever allowed, and under which policy version'))
  question('as-of', [ESTATE, ['time', 'day or time, UTC']], 'the last round as of a moment')
  paged(ranged(question('not-passed', [ESTATE, CHECK], 'every round in which a check was not PASS, newest first')))
  paged(ranged(question('search', [['text', 'words as the event holds them']], 'events that hold these words, newest first')))
  ranged(question('counts', [], 'events by day and type'))
  history
    .command('rebuild')
    .description('make the tables of history again from the events of the local ledger')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/history-rebuild.ts')))
}

function addEmit(program: Command): void {
  program
    .command('emit')
    .description('append CloudEvents from stdin (NDJSON) to rounds that are still open')
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/emit.ts')))
}

function addRelay(program: Command): void {
  program
    .command('relay')
    .description('send the local ledger to Kafka; goes on where it stopped')
    .option('--follow', 'go on with what is appended, and wait for brokers that are away, until interrupted')
    .option('--verify', 'first read the whole topic back and send again what it lost')
    .addOption(BROKERS())
    .addOption(KAFKA_CONFIG())
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText('after', '\nExamples:\n  evidence relay --brokers kafka-1.example:9092\n  evidence relay --follow --kafka-config kafka.json')
    .action(lazy(() => import('./commands/relay.ts')))
}

function addProject(program: Command): void {
  program
    .command('project')
    .description('Kafka to ClickHouse: verify, fold and judge every round, until interrupted')
    .option('--clickhouse <url>', 'http(s)://HOST:PORT, or chdb:DIR (default: EVIDENCE_CLICKHOUSE_URL; docs/clickhouse.md)')
    .option('--projection <file>', 'keep everything in this SQLite file instead of ClickHouse')
    .option('--listen <address>', 'host:port of /metrics and /health', '127.0.0.1:9464')
    .addOption(new Option('--rebuild [source]', 'make every snapshot again, and end').choices(['topic', 'events']).preset('topic'))
    .addOption(BROKERS())
    .addOption(KAFKA_CONFIG())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      '\nExamples:\n  evidence project --brokers kafka-1.example:9092 --clickhouse https://ch.example:8443\n  evidence project --rebuild events',
    )
    .action(lazy(() => import('./commands/project.ts')))
}

function addServe(program: Command): void {
  program
    .command('serve')
    .description('HTTP API and auditor console, until interrupted')
    .option('--host <address>', 'address to listen on; any but the loopback needs authentication (default: 127.0.0.1)')
    .addOption(new Option('--port <n>', 'port to listen on; 0: any free one (default: 8480)').argParser(toPort))
    .addOption(new Option('--estate <file>', 'an estate that rounds may be run over; repeatable').argParser(collect).default([], 'none'))
    .addOption(new Option('--ledger <file>', 'the local ledger (default: ./evidence.db)').env('EVIDENCE_LEDGER'))
    .addOption(ACCESS())
    .option('--oidc-issuer <url>', 'take JWTs of this OpenID provider; what its claims mean is in --config')
    .option('--oidc-audience <name>', 'audience that a JWT must name')
    .option('--clickhouse <url>', 'read history, snapshots and rounds from ClickHouse (docs/clickhouse.md)')
    .addOption(BROKERS_OF_SERVE())
    .addOption(KAFKA_CONFIG())
    .option('--config <file>', 'settings as JSON (docs/api-access.md); the command line counts over it')
    .addHelpText(
      'after',
      '\nExamples:\n  evidence serve\n  evidence serve --ledger evidence.db --estate estate.yaml --port 8480\n  evidence serve --host 0.0.0.0 --access access.db --config serve.json',
    )
    .action(lazy(() => import('./commands/serve.ts')))
}

function addToken(program: Command): void {
  const token = program.command('token').description('bearer tokens of the HTTP API; kept as hashes only')
  token
    .command('create')
    .description('make a token; its text is printed once, on stdout')
    .addOption(new Option('--role <role>', 'auditor, producer, operator, owner or reviewer; repeatable').argParser(collectRole).makeOptionMandatory())
    .requiredOption('--subject <name>', 'who or what it is for; recorded with everything done with it')
    .option('--source-prefix <uri>', 'sources a producer may send events of: this, or under it')
    .option('--expires <date>', 'first day or moment (UTC) that it no longer counts (default: none)')
    .addOption(ACCESS())
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .addHelpText(
      'after',
      '\nExamples:\n  evidence token create --role auditor --subject alice --expires 2027-01-01\n  evidence token create --role producer --subject web-1 --source-prefix urn:evidence-ledger:host:web-1',
    )
    .action(lazy(() => import('./commands/token-create.ts')))
  token
    .command('list')
    .description('every token, without its text')
    .addOption(ACCESS())
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/token-list.ts')))
  token
    .command('revoke')
    .argument('<id>', 'id of the token, as `token list` shows it')
    .description('refuse a token from now on; a service that runs sees it at once')
    .addOption(ACCESS())
    .addOption(LEDGER())
    .addOption(JSON_OPTION())
    .action(lazy(() => import('./commands/token-revoke.ts')))
}

function addCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .description('completion script for a shell')
    .addHelpText('after', '\nExample:\n  source <(evidence completion bash)')
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion.ts')
      process.stdout.write(completionScript(shell, program))
    })
}

function collectRole(role: string, roles: string[] | undefined): string[] {
  const known = ['auditor', 'producer', 'operator', 'owner', 'reviewer']
  if (!known.includes(role)) throw new InvalidArgumentError(`not one of ${known.join(', ')}`)
  return [...(roles ?? []), role]
}

function toPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('not a port')
  return Number(text)
}

function toCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('not a whole number from 1')
  return Number(text)
}
