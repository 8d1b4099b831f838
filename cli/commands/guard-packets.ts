import { jsonText } from '../../api/actions/guard-answer.ts'
import { writeFileAtomically } from '../../api/actions/write-file.ts'
import type { PacketLanguage } from '../../api/exports/packets-words.ts'
import type { GuardInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import type { OwnerPackets } from '../../schemas/packets.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, note } from '../output.ts'

type PacketOptions = SourceOptions & { output?: string; template?: string; html?: string; lang: PacketLanguage }

/** `evidence guard packets`: owner packets on stdout or in a file, the template of the response, and a page to print. */
export async function run([id]: [string | undefined], options: PacketOptions): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const packets = buildOwnerPackets(input)
  if (roundId !== null && options.record !== false) await recordExported(options.ledger, roundId, input, packets)
  if (options.template !== undefined) {
    await writeFileAtomically(options.template, jsonText(responseTemplate(packets)))
    note(`wrote ${options.template}`)
  }
  if (options.html !== undefined) {
    const { packetsPage } = await import('../../api/exports/packets-page.ts')
    await writeFileAtomically(options.html, packetsPage(packets, input.summary.integrity, options.lang))
    note(`wrote ${options.html}`)
  }
  const text = jsonText(packets)
  if (options.output === undefined) process.stdout.write(text)
  else {
    await writeFileAtomically(options.output, text)
    note(`wrote ${options.output}: ${packets.next_gate_count} packets, ${packets.packet_set_digest}`)
  }
  return 0
}

/** Records the export in the ledger, before the packets are given to anybody. */
export async function recordExported(ledger: string, roundId: string, input: GuardInput, packets: OwnerPackets): Promise<void> {
  const [{ withDecisions }, { recordExport }] = await Promise.all([import('../record-decision.ts'), import('../../api/actions/export-packets.ts')])
  await withDecisions(ledger, (ports) => recordExport(ports, roundId, input, packets))
}
