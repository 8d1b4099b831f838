import { BACKUP_TOPICS, type BackupTopic, OFFSITE_SETTINGS } from '../schemas/backup-checks.ts'
import type { Check, CheckOf, Estate } from '../schemas/estate.ts'
import type { EstateProblem } from './estate-document.ts'
import { unknownName } from './estate-names.ts'
import type { EstateRules } from './estate-problems.ts'

/** A problem of one check; `key` is the setting it is about, or absent where a setting is missing. */
type Finding = { key?: string; message: string }

/** What single checks say wrongly: about other members, or settings that contradict each other. */
export function checkProblems(estate: Estate, rules: EstateRules): EstateProblem[] {
  const gates = estate.gates.map((gate) => gate.id)
  const hosts = estate.hosts.map((host) => host.id)
  return estate.checks.flatMap((check, index) => {
    const at = ['checks', index]
    return [
      ...unknownName([...at, 'gate'], 'gate', check.gate, gates),
      ...(check.host === undefined ? [] : unknownName([...at, 'host'], 'host', check.host, hosts)),
      ...commandProblems(estate, check, at),
      ...ruleProblems(check, at, gates),
      ...findings(check, estate, rules).map(({ key, message }) => ({ path: key === undefined ? at : [...at, key], message })),
    ]
  })
}

function commandProblems(estate: Estate, check: Check, at: (string | number)[]): EstateProblem[] {
  if (!('command' in check) || check.command === undefined) return []
  const known = estate.commands.map((command) => command.id)
  return unknownName([...at, 'command'], 'command', check.command, known)
}

function ruleProblems(check: Check, at: (string | number)[], gates: readonly string[]): EstateProblem[] {
  if (check.kind !== 'delegated') return []
  return check.classify.flatMap((rule, n) => (rule.gate === undefined ? [] : unknownName([...at, 'classify', n, 'gate'], 'gate', rule.gate, gates)))
}

function findings(check: Check, estate: Estate, rules: EstateRules): Finding[] {
  const found: Finding[] = []
  if (check.role !== undefined && check.kind !== 'http') found.push({ key: 'role', message: `${check.role} is for http checks` })
  switch (check.kind) {
    case 'http':
      return [...found, ...httpFindings(check)]
    case 'tls':
      return [...found, ...tlsFindings(check)]
    case 'textfile':
      return [...found, ...exactlyOne(check, 'path', 'url')]
    case 'freshness':
      return [...found, ...exactlyOne(check, 'path', 'url'), ...freshnessFindings(check)]
    case 'delegated':
      return [...found, ...exactlyOne(check, 'command', 'path')]
    case 'file':
      return [...found, ...fileFindings(check)]
    case 'backup-health':
      return [...found, ...backupHealthFindings(check, rules)]
    case 'offsite':
      return [...found, ...liveSettings(check, rules, OFFSITE_SETTINGS)]
    case 'release-parity':
      return [...found, ...liveSettings(check, rules, ['live', 'repository'])]
    case 'source-presence':
      return [...found, ...liveSettings(check, rules, ['remote', 'rclone_config', 'matches', 'max_age_s'])]
    case 'registry':
      return [...found, ...liveSettings(check, rules, ['scope'])]
    case 'k8s':
      return [...found, ...k8sFindings(check, rules)]
    case 'argocd':
      return [...found, ...liveSettings(check, rules, ['application'])]
    case 'alertmanager':
      return [...found, ...alertmanagerFindings(check, estate)]
    case 'sql-parity':
      return [...found, ...liveSettings(check, rules, ['database', 'left', 'right'])]
    case 'postgres':
      return [...found, ...needs(check, 'log', 'cluster')]
    case 'import-job':
      return [...found, ...importJobFindings(check)]
    case 'storage-signatures':
      return check.kernel || check.containers.length + check.files.length > 0 ? found : [...found, { message: 'needs `kernel`, `containers` or `files`' }]
    default:
      return found
  }
}

function exactlyOne<C extends Check, A extends keyof C & string, B extends keyof C & string>(check: C, first: A, second: B): Finding[] {
  const given = [check[first], check[second]].filter((value) => value !== undefined).length
  if (given === 1) return []
  return given === 0
    ? [{ message: `needs \`${first}\` or \`${second}\`` }]
    : [{ key: second, message: `has both \`${first}\` and \`${second}\`; one is enough` }]
}

/** One round sends one test alert: whoever gets it should not think that something is on fire. */
function alertmanagerFindings(check: CheckOf<'alertmanager'>, { defaults }: Estate): Finding[] {
  const tries = check.attempts ?? defaults.attempts
  return check.test_webhook !== undefined && tries > 1
    ? [{ key: 'test_webhook', message: `needs \`attempts: 1\`, not ${tries}: each try would send the alert again` }]
    : []
}

function backupHealthFindings(check: CheckOf<'backup-health'>, rules: EstateRules): Finding[] {
  if (rules.allowRecordedKinds) return []
  const found = [...exactlyOne(check, 'path', 'url'), ...liveSettings(check, rules, ['jobs', 'metrics'])]
  const asked = Object.keys(BACKUP_TOPICS).some((topic) => check.metrics?.[topic as BackupTopic] !== undefined)
  if (check.metrics !== undefined && !asked)
    found.push({ key: 'metrics', message: `asks nothing; name at least one of ${Object.keys(BACKUP_TOPICS).join(', ')}` })
  if (check.url !== undefined && check.max_age_s !== undefined && check.textfile === undefined)
    found.push({ key: 'max_age_s', message: 'needs `textfile`: a URL has no age' })
  return found
}

const K8S_TOPICS = ['nodes', 'pods', 'deployments', 'placement', 'jobs', 'node_events', 'vip'] as const

/** A declaration that a check establishes must be one that it looks at. */
function k8sFindings(check: CheckOf<'k8s'>, { allowRecordedKinds }: EstateRules): Finding[] {
  if (allowRecordedKinds) return []
  const found: Finding[] = []
  if (K8S_TOPICS.every((topic) => check[topic] === undefined)) found.push({ message: `asks nothing; give at least one of ${K8S_TOPICS.join(', ')}` })
  for (const key of ['deployments', 'placement', 'jobs'] as const) found.push(...needs(check, key, 'namespace'))
  const establishes = (name: NonNullable<typeof check.establishes>[number], topic: 'nodes' | 'placement'): void => {
    if (check.establishes?.includes(name) && check[topic] === undefined) found.push({ key: 'establishes', message: `${name} needs \`${topic}\`` })
  }
  establishes('K3S_CONTROL_PLANE_AA', 'nodes')
  establishes('WORKLOAD_BALANCED', 'placement')
  return found
}

/** Recorded rounds carry some kinds without the settings that a look at the real thing needs. */
function liveSettings<C extends Check>(check: C, { allowRecordedKinds }: EstateRules, keys: readonly (keyof C & string)[]): Finding[] {
  if (allowRecordedKinds) return []
  return keys.filter((key) => check[key] === undefined).map((key) => ({ message: `needs \`${key}\`` }))
}

/** A setting that says nothing without another one. */
function needs<C extends Check, A extends keyof C & string, B extends keyof C & string>(check: C, key: A, other: B): Finding[] {
  return check[key] !== undefined && check[other] === undefined ? [{ key, message: `needs \`${other}\`` }] : []
}

function httpFindings(check: CheckOf<'http'>): Finding[] {
  const found: Finding[] = []
  if (check.method === 'HEAD' && check.body !== undefined) found.push({ key: 'body', message: 'a HEAD answer has no body to assert' })
  if (check.body !== undefined && 'contains' in check.body && check.body.contains === '')
    found.push({ key: 'body', message: '`contains` is empty and would assert nothing' })
  if (check.ca_file !== undefined && check.url.startsWith('http:')) found.push({ key: 'ca_file', message: 'is for https' })
  return found
}

function tlsFindings(check: CheckOf<'tls'>): Finding[] {
  if (check.renewed_after === undefined) return []
  const at = new Date(`${check.renewed_after}T00:00:00.000Z`)
  const isReal = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(check.renewed_after)
  return isReal ? [] : [{ key: 'renewed_after', message: 'not a date YYYY-MM-DD' }]
}

/** Settings that no look could ever meet are refused here rather than found out after a reboot. */
function freshnessFindings(check: CheckOf<'freshness'>): Finding[] {
  const pointers = [check.status_pointer, check.latest_pointer, check.age_pointer, check.blockers_pointer]
  if (pointers.every((pointer) => pointer === undefined)) {
    return [{ message: 'needs at least one of `status_pointer`, `latest_pointer`, `age_pointer`, `blockers_pointer`' }]
  }
  const found: Finding[] = []
  if (check.max_age_days !== undefined && check.latest_pointer === undefined && check.age_pointer === undefined) {
    found.push({ key: 'max_age_days', message: 'needs `latest_pointer` or `age_pointer`' })
  }
  if (check.max_age_s !== undefined && check.path === undefined) found.push({ key: 'max_age_s', message: 'is the age of a file; needs `path`' })
  return found
}

function importJobFindings(check: CheckOf<'import-job'>): Finding[] {
  if (check.type !== undefined && check.columns.type === undefined) return [{ key: 'type', message: 'needs `columns.type`' }]
  return check.type === undefined && check.columns.type !== undefined ? [{ key: 'columns', message: 'needs `type`' }] : []
}

function fileFindings(check: CheckOf<'file'>): Finding[] {
  const contradicts = check.min_bytes !== undefined && check.max_bytes !== undefined && check.min_bytes > check.max_bytes
  return contradicts ? [{ key: 'max_bytes', message: 'is below `min_bytes`' }] : []
}
