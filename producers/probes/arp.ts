import type { CheckOf } from '../../schemas/estate.ts'
import { arpUnmet } from '../../schemas/expectations/arp.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { createLocalTransport } from '../transports/local.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

type Entry = FactsOf<'arp'>['entries'][number]
/** ATF_COM of the kernel: the hardware address is known. */
const COMPLETE = 0x2

/** Reads this machine's own ARP table. Nothing is sent: declare a ping of the same address in front of it. */
export async function probeArp(check: CheckOf<'arp'>, context: ProbeContext): Promise<Look<'arp'>> {
  const bytes = await createLocalTransport().readFile('/proc/net/arp', createLookBudget(context)(4_194_304))
  const entries = parseArpTable(toUtf8Text(bytes)).get(check.address) ?? []
  const facts = toFacts(FACTS.arp, { address: check.address, entries })
  return { target: targetOf(check), asOf: null, met: arpUnmet(check, facts, context.now()).length === 0, facts }
}

/** Entries of /proc/net/arp by address. A table without its heading, or with a line of another shape, is no table. */
export function parseArpTable(text: string): Map<string, Entry[]> {
  const [heading = '', ...lines] = text.split('\n')
  if (!/^IP address +HW type +Flags +HW address +Mask +Device$/u.test(heading.trim())) throw new ProbeFailure('parse', 'parse', 'not an ARP table')
  const table = new Map<string, Entry[]>()
  for (const line of lines.filter((one) => one.trim() !== '')) {
    const match = /^(\d+\.\d+\.\d+\.\d+) +0x[0-9a-f]+ +0x([0-9a-f]+) +(\S+) +\S+ +(\S+)$/iu.exec(line.trim())
    if (match === null) throw new ProbeFailure('parse', 'parse', 'not an ARP table')
    const [, address = '', flags = '', mac = '', device = ''] = match
    const isComplete = (Number.parseInt(flags, 16) & COMPLETE) !== 0 && !/^00(?::00)*$/u.test(mac)
    table.set(address, [...(table.get(address) ?? []), { device, complete: isComplete, mac: mac.toLowerCase() }])
  }
  return table
}
