import path from 'node:path'
import { expect, test } from 'vitest'
import { loadEstate } from '../../producers/estate-file.ts'
import { EstablishedDeclaration } from '../../schemas/check-base.ts'
import type { Estate } from '../../schemas/estate.ts'
import { PROBE_KINDS } from '../../schemas/facts.ts'

const DIR = path.join(import.meta.dirname, '../../examples/awoooi')
const { estate } = await loadEstate(path.join(DIR, 'estate.yaml'))
const recorded = await loadEstate(path.join(DIR, 'recorded-estate.yaml'), { allowRecordedKinds: true })

function countBy(of: Estate, key: 'gate' | 'part' | 'kind'): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const check of of.checks) counts[check[key]] = (counts[check[key]] ?? 0) + 1
  return counts
}

test('the runnable estate has checks at every gate and in every part', () => {
  expect(countBy(estate, 'gate')).toMatchInlineSnapshot(`
    {
      "P0-110-REGISTRY-OBSERVABILITY": 9,
      "P0-188-DATA": 17,
      "P0-NETWORK": 10,
      "P1-K3S": 8,
      "P2-PUBLIC-ROUTES": 21,
      "P2-SCHEDULES": 22,
      "P2-WORKLOAD-ALERTCHAIN": 7,
    }
  `)
  expect(countBy(estate, 'part')).toMatchInlineSnapshot(`
    {
      "cold_start": 64,
      "cpu": 1,
      "escrow": 2,
      "quick_check": 27,
    }
  `)
  for (const gate of estate.gates) expect(countBy(estate, 'gate')[gate.id], gate.id).toBeGreaterThan(0)
})

test('every kind it uses has a live probe', () => {
  expect(Object.keys(countBy(estate, 'kind')).filter((kind) => !(PROBE_KINDS as readonly string[]).includes(kind))).toEqual([])
})

test('the recorded estate has the same id, gates, sections prefixes and owner gates', () => {
  expect(recorded.estate.estate).toBe(estate.estate)
  expect(recorded.estate.gates).toEqual(estate.gates)
  expect(recorded.estate.owner_gates).toEqual(estate.owner_gates)
  expect(recorded.estate.sections.escrow).toEqual(estate.sections.escrow)
  expect(recorded.estate.sections.products?.map((one) => one.prefix)).toEqual(estate.sections.products?.map((one) => one.prefix))
  for (const gate of recorded.estate.gates) expect(countBy(recorded.estate, 'gate')[gate.id], gate.id).toBeGreaterThan(0)
})

test('every machine has a host check, so that what is bound to it counts only since its boot', () => {
  const observed = estate.checks.flatMap((check) => (check.kind === 'host' && check.part === 'cold_start' ? [check.host] : []))
  expect(observed).toEqual(estate.hosts.map((host) => host.id))
})

test('commands only read: no shell, no word that changes anything', () => {
  const forbidden =
    /^(sh|bash|sudo|ssh|exec|restart|reload|start|stop|delete|apply|patch|scale|set|cordon|drain|rm|reset-failed|pg_resetwal|--send-alert-test|-c)$/
  for (const { argv } of estate.commands) for (const word of argv) expect(word).not.toMatch(forbidden)
  const used = new Set(estate.checks.flatMap((check) => ('command' in check ? [check.command] : [])))
  expect(estate.commands.map((command) => command.id).filter((id) => !used.has(id))).toEqual([])
})

test('STATEFUL_AA is the one declaration nothing here can establish', () => {
  const established = new Set(estate.checks.flatMap((check) => check.establishes ?? []))
  expect(EstablishedDeclaration.options.filter((one) => !established.has(one))).toEqual(['STATEFUL_AA'])
})
