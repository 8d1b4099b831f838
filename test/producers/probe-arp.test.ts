import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseArpTable, probeArp } from '../../producers/probes/arp.ts'
import { arpUnmet } from '../../schemas/expectations/arp.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Entry = FactsOf<'arp'>['entries'][number]
const ENTRY: Entry = { device: 'eth0', complete: true, mac: '02:fc:00:00:00:05' }
const unmet = (entries: Entry[], settings: object = {}) =>
  arpUnmet(makeCheck('arp', { address: '192.0.2.10', ...settings }), { address: '192.0.2.10', entries }, AT)

describe('arp expectation', () => {
  it('is met by a complete entry', () => {
    expect(unmet([ENTRY])).toEqual([])
    expect(unmet([ENTRY, { ...ENTRY, device: 'eth1', complete: false }], { mac: ENTRY.mac })).toEqual([])
  })

  it('is not met by no entry, an incomplete one, or another machine', () => {
    expect(unmet([])).toEqual(['no ARP entry'])
    expect(unmet([{ ...ENTRY, complete: false }], { mac: ENTRY.mac })).toEqual(['ARP entry is incomplete'])
    const other = { ...ENTRY, mac: '02:fc:00:00:00:99' }
    expect(unmet([other], { mac: ENTRY.mac })).toEqual(['ARP answer of 02:fc:00:00:00:99 at eth0, not 02:fc:00:00:00:05'])
    expect(unmet([ENTRY, other], { mac: ENTRY.mac })).toHaveLength(1)
  })
})

describe('ARP table', () => {
  const HEADING = 'IP address       HW type     Flags       HW address            Mask     Device\n'

  it('is read by address', () => {
    const table = parseArpTable(
      `${HEADING}192.0.2.10       0x1         0x2         02:FC:00:00:00:05     *        eth0\n192.0.2.11       0x1         0x0         00:00:00:00:00:00     *        eth0\n192.0.2.10       0x1         0x6         02:fc:00:00:00:06     *        br0\n192.0.2.12       0x1         0x2         00:00:00:00:00:00     *        eth0\n`,
    )
    expect(table.get('192.0.2.10')).toEqual([ENTRY, { device: 'br0', complete: true, mac: '02:fc:00:00:00:06' }])
    expect(table.get('192.0.2.11')).toMatchObject([{ complete: false }])
    expect(table.get('192.0.2.12')).toMatchObject([{ complete: false }])
    expect(parseArpTable(HEADING).size).toBe(0)
  })

  it.each(['', '\n', 'junk', `${HEADING}192.0.2.10 0x1 0x2`, `${HEADING}192.0.2.10       0x1         zz         02:fc:00:00:00:05     *        eth0`])(
    'refuses %j',
    (text) => {
      expect(() => parseArpTable(text)).toThrow('not an ARP table')
    },
  )
})

const hasTable = existsSync('/proc/net/arp')
if (!hasTable) console.log('REAL ARP ABSENT: no /proc/net/arp on this machine')

describe.skipIf(!hasTable)('arp probe and the real table of this machine', () => {
  it('sees what the kernel has, and nothing for an address nobody asked for', async () => {
    const real = [...parseArpTable(readFileSync('/proc/net/arp', 'utf8'))].find(([, entries]) => entries.some((one) => one.complete))
    if (real === undefined) console.log('this machine has no complete ARP entry')
    else {
      const { facts, met, target } = await probeArp(makeCheck('arp', { address: real[0] }), makeContext())
      expect(FACTS.arp.parse(facts)).toEqual(facts)
      expect([facts.entries.length, met, target]).toEqual([real[1].length, true, real[0]])
    }
    expect(await probeArp(makeCheck('arp', { address: '198.51.100.77' }), makeContext())).toMatchObject({ met: false, facts: { entries: [] } })
  })
})
