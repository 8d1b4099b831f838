import { type InventoryLook, type MarkerStanding, type Standings, toMarkerMap, withoutMarker } from '../api/actions/escrow-standing.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { acceptedReviews } from '../producers/accepted-reviews.ts'
import { inventoryFacts, readEscrowInventory } from '../producers/escrow-inventory.ts'
import { type LoadedEstate, loadEstate } from '../producers/estate-file.ts'
import { createHostTransports, type HostTransports } from '../producers/host-transports.ts'
import { buildOpenTransport } from '../producers/open-transport.ts'
import { ProbeFailure } from '../producers/transport.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { Check, CheckOf } from '../schemas/estate.ts'
import { escrowItemsPresent } from '../schemas/expectations/escrow.ts'

type Seen = { look: InventoryLook; markers: [item: string, marker: MarkerStanding][] }

/**
 * Looks at the markers now, over the transports that a round of this estate would use, and at the reviews of the
 * ledger. Throws `usage` where the estate has no escrow section; what cannot be looked at is not observed.
 */
export async function lookAtEscrow(estateFile: string, ledger: Ledger): Promise<Standings> {
  const loaded = await loadEstate(estateFile)
  const section = loaded.estate.sections.escrow
  if (section === undefined) throw new EvidenceError('usage', 'this estate has no sections.escrow', { remedy: 'docs/estate.md' })
  const now = new Date()
  const seen = await lookAtAll(loaded, section.inventory, now)
  const looks = seen.map((one) => one.look)
  return {
    looks,
    input: {
      items: section.items,
      markers: toMarkerMap(seen.flatMap((one) => one.markers)),
      otherwise: withoutMarker(looks),
      reviews: await acceptedReviews(ledger, loaded.estate.estate, now),
      at: now.toISOString(),
      missing: null,
    },
  }
}

async function lookAtAll(loaded: LoadedEstate, inventory: readonly string[], now: Date): Promise<Seen[]> {
  const { estate, baseDir } = loaded
  const stop = new AbortController()
  const checks = estate.checks.filter((check) => inventory.includes(check.id))
  // Markers on this machine can be read without the keys of the others.
  const needed = { ...estate, hosts: estate.hosts.filter((host) => checks.some((check) => check.host === host.id)) }
  const hosts = createHostTransports(needed, await buildOpenTransport(needed, baseDir, process.env.SSH_AUTH_SOCK), stop.signal)
  try {
    return await Promise.all(checks.map((check) => lookAt(check, loaded, hosts, now)))
  } finally {
    stop.abort()
    await hosts.closeAll()
  }
}

async function lookAt(check: Check, loaded: LoadedEstate, hosts: HostTransports, now: Date): Promise<Seen> {
  if (check.kind !== 'escrow') return { look: { check: check.id, outcome: 'not_read_here' }, markers: [] }
  try {
    return { look: { check: check.id, outcome: 'read' }, markers: await readMarkers(check, loaded, hosts, now) }
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error
    return { look: { check: check.id, outcome: `failed_${error.reason}` }, markers: [] }
  }
}

async function readMarkers(check: CheckOf<'escrow'>, { estate, baseDir }: LoadedEstate, hosts: HostTransports, now: Date): Promise<Seen['markers']> {
  const timeoutMs = check.timeout_ms ?? estate.defaults.timeout_ms
  const context = {
    transport: hosts.of(check.host),
    timeoutMs,
    signal: AbortSignal.timeout(timeoutMs),
    now: () => new Date(),
    commands: estate.commands,
    baseDir,
    alertTest: false,
  }
  const markers = await readEscrowInventory(check.path, context)
  const current = escrowItemsPresent(check, inventoryFacts(check.path, markers), now)
  return markers.map(({ item, state }) => [item, state === 'present' && !current.includes(item) ? 'not_current' : state])
}
