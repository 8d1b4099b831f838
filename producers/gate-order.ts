import type { Gate } from '../schemas/estate.ts'

/** Gates so that each comes after all it depends on, else in the estate's order. The estate has no cycles. */
export function inDependencyOrder(gates: readonly Gate[]): Gate[] {
  const ordered = new Map<string, Gate>()
  const place = (gate: Gate): void => {
    if (ordered.has(gate.id)) return
    for (const other of gates) if (gate.depends_on.includes(other.id)) place(other)
    ordered.set(gate.id, gate)
  }
  for (const gate of gates) place(gate)
  return [...ordered.values()]
}

/** Ids of all gates a gate depends on, directly or through others, in the estate's order. */
export function gatesBefore(gates: readonly Gate[], gateId: string): string[] {
  const found = new Set<string>()
  const walk = (id: string): void => {
    for (const next of gates.find((gate) => gate.id === id)?.depends_on ?? []) {
      if (found.has(next)) continue
      found.add(next)
      walk(next)
    }
  }
  walk(gateId)
  return gates.map((gate) => gate.id).filter((id) => found.has(id))
}
