import type { CheckOf } from '../../schemas/estate.ts'
import { RegistryFacts } from '../../schemas/product-checks.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'
import { readCaFile } from './ca-file.ts'
import { exchangeHttp } from './http-exchange.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

type Check = CheckOf<'registry'>
type Agent = { name: string; active: boolean }

const MAX_BYTES = 1_048_576

/**
 * Lists the agents that a Wazuh manager knows, on the manager's own host, and asks the dashboard's read-only route.
 * Whatever it sees is coverage and no acceptance, so such a look is never met by itself: a review decides.
 */
export async function probeRegistry(check: Check, context: ProbeContext): Promise<Look<'registry'>> {
  const { scope } = check
  if (scope === undefined) throw new ProbeFailure('internal', 'probe', 'the check names no scope')
  const budget = createLookBudget(context)
  const agents = readAgents(toUtf8Text(await listAgents(context, budget(MAX_BYTES))))
  const ca = await readCaFile(check.ca_file, context.baseDir)
  const route = check.route === undefined ? null : await exchangeHttp({ url: check.route, method: 'GET', ca, ...budget(MAX_BYTES) })
  const own = scope.map((name) => agents.filter((agent) => agent.name === name))
  const facts = toFacts(RegistryFacts, {
    coverage_scope: scope.length,
    // A name that two agents have is one machine at most, and nobody can say which.
    direct_active: own.filter((found) => found.length === 1 && found[0]?.active).length,
    no_transport: own.filter((found) => found.length === 0).length,
    ssh_blocked: null,
    route_code: route?.status ?? null,
    transport_count: null,
    dashboard_api_connection: null,
    dashboard_index_ok: null,
    agents_registered: agents.length,
    agents_active: agents.filter((agent) => agent.active).length,
  })
  return { target: targetOf(check), asOf: null, met: false, facts }
}

async function listAgents({ transport }: ProbeContext, options: ReturnType<ReturnType<typeof createLookBudget>>): Promise<Buffer> {
  const result = await transport.run(commandLine('wazuh.agents'), options)
  if (result.exitCode === 0) return result.stdout
  const isDenied = result.exitCode === 126 || /permission denied/iu.test(result.stderrLine)
  throw new ProbeFailure(isDenied ? 'permission' : 'exit_status', 'exec', scrubLine(`agent_control: exit code ${result.exitCode}: ${result.stderrLine}`))
}

/**
 * Reads `agent_control -l`: lines `   ID: 001, Name: web-1, IP: any, Active` under a heading. The manager itself is
 * agent 000, `Active/Local`, and no agent of anything else. Pure; throws where it is another text.
 */
export function readAgents(text: string): Agent[] {
  if (!/^Wazuh agent_control\. List of available agents:$/mu.test(text)) throw new ProbeFailure('parse', 'parse', 'not a list of agents')
  const lines = text.split('\n').filter((line) => /^\s+ID: /u.test(line))
  const agents = lines.map((line) => /^\s+ID: (\d{3,}), Name: ([^,]+?)(?: \(server\))?, IP: [^,]+, ([A-Za-z][A-Za-z/ ]*)$/u.exec(line))
  if (agents.some((one) => one === null) || !lines.some((line) => /ID: 000,/u.test(line)))
    throw new ProbeFailure('parse', 'parse', 'not a whole list of agents')
  return agents.flatMap((one) => (one === null || one[1] === '000' ? [] : [{ name: one[2] ?? '', active: one[3] === 'Active' }]))
}
