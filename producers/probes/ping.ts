import type { CheckOf } from '../../schemas/estate.ts'
import { pingUnmet } from '../../schemas/expectations/ping.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunResult } from '../transport.ts'
import { createLocalTransport } from '../transports/local.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'

/** Pings an address from this machine. No answer was looked at and is unmet; no name, or no ping, is a failed look. */
export async function probePing(check: CheckOf<'ping'>, context: ProbeContext): Promise<Look<'ping'>> {
  const options = createLookBudget(context)(65_536)
  // The last ping may wait for what is left after the pauses between them; ping itself counts in whole seconds.
  const waitS = Math.max(1, Math.floor((options.timeoutMs - 200 * check.count) / 1000) - 1)
  const argv = commandLine('net.ping', { count: String(check.count), seconds: String(Math.min(waitS, 10)), address: check.address })
  const facts = toFacts(FACTS.ping, { address: check.address, ...readSummary(await createLocalTransport().run(argv, options)) })
  return { target: targetOf(check), asOf: null, met: pingUnmet(check, facts, context.now()).length === 0, facts }
}

/** Of iputils and busybox. The exit code must agree: 0 where an answer came, 1 where none did; 2 is no look at all. */
function readSummary({ exitCode, stdout, stderrLine }: RunResult): Omit<FactsOf<'ping'>, 'address'> {
  if (exitCode !== 0 && exitCode !== 1) throw toFailure(exitCode, stderrLine)
  const text = stdout.toString('utf8')
  const counts = /^(\d{1,6}) packets transmitted, (\d{1,6}) (?:packets )?received,/mu.exec(text)
  if (counts === null)
    throw exitCode === 1 && stderrLine !== '' ? toFailure(exitCode, stderrLine) : new ProbeFailure('parse', 'parse', 'ping printed no summary')
  const [sent, received] = [Number(counts[1]), Number(counts[2])]
  if ((exitCode === 0) !== received > 0) throw new ProbeFailure('parse', 'parse', 'ping contradicts its exit code')
  const average = /^(?:rtt|round-trip) min\/avg\/max(?:\/mdev)? = [\d.]+\/(\d{1,9}(?:\.\d{1,6})?)\//mu.exec(text)?.[1]
  return { sent, received, average_ms: average === undefined ? null : Number(average) }
}

function toFailure(exitCode: number, stderrLine: string): ProbeFailure {
  const detail = scrubLine(`ping: exit code ${exitCode}: ${stderrLine}`)
  if (/name or service not known|temporary failure in name|no address associated|bad address|hostname nor servname/iu.test(stderrLine)) {
    return new ProbeFailure('dns', 'dns', detail)
  }
  if (/unreachable/iu.test(stderrLine)) return new ProbeFailure('unreachable', 'connect', detail)
  if (/not permitted|permission denied/iu.test(stderrLine)) return new ProbeFailure('permission', 'exec', detail)
  return new ProbeFailure('exit_status', 'exec', detail)
}
