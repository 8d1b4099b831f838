import type { GuardInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import type { OwnerPackets } from '../../schemas/packets.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, note } from '../output.ts'
import { writeFileAtomically } from '../write-file.ts'

/** `evidence guard packets`: owner packets on stdout or in a file, and the template of the response. */
export async function run([id]: [string | undefined], options: SourceOptions & { output?: string; template?: string }): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const packets = buildOwnerPackets(input)
  if (roundId !== null && options.record !== false) await recordExport(options.ledger, roundId, input, packets)
  if (options.template !== undefined) {
    await writeFileAtomically(options.template, `${JSON.stringify(responseTemplate(packets), null, 2)}\n`)
    note(`wrote ${options.template}`)
  }
  const text = `${JSON.stringify(packets, null, 2)}\n`
  if (options.output === undefined) process.stdout.write(text)
  else {
    await writeFileAtomically(options.output, text)
    note(`wrote ${options.output}: ${packets.next_gate_count} packets, ${packets.packet_set_digest}`)
  }
  return 0
}

export async function recordExport(ledger: string, roundId: string, { summary }: GuardInput, packets: OwnerPackets): Promise<void> {
  const { recordDecision } = await import('../record-decision.ts')
  await recordDecision(ledger, roundId, 'packets.exported.v1', {
    evidence_root: packets.source.evidence_root,
    summary_digest: summary.digest,
    packet_set_digest: packets.packet_set_digest as `sha256:${string}`,
    gates: packets.source.next_required_gates,
  })
}
