import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeFileAtomically } from '../../api/actions/write-file.ts'
import { declarationText, evaluateDeclarations } from '../../guards/declaration.ts'
import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { snapshotInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { summaryText } from '../../schemas/summary-text.ts'
import { type Answer, paint } from '../output.ts'
import { runRoundHere } from '../round-runner.ts'
import { recordExported } from './guard-packets.ts'

const LOCALHOST_ESTATE = fileURLToPath(new URL('../../examples/localhost/estate.yaml', import.meta.url))

/** `npm start`: a real round over this machine, everything it allows and forbids, and the proof of the ledger. */
export async function run(_args: [], options: { estate?: string; ledger: string; out: string }): Promise<Answer> {
  const { snapshot, summaryFile } = await runRoundHere({ ...options, estate: options.estate ?? LOCALHOST_ESTATE })
  const input = snapshotInput(snapshot)
  const packets = buildOwnerPackets(input)
  const packetFile = join(options.out, snapshot.artifact_id, 'owner-packets.json')
  await writeFileAtomically(packetFile, `${JSON.stringify(packets, null, 2)}\n`)
  await recordExported(options.ledger, snapshot.artifact_id, input, packets)
  const proof = await verifyLedger(options.ledger)
  const heading = (text: string): string => `\n${paint('bold', text)}\n`
  process.stdout.write(heading('Summary') + summaryText(snapshot.summary))
  process.stdout.write(heading('Declarations') + declarationText(evaluateDeclarations(input)))
  process.stdout.write(heading('Next gates') + dispatchText(dispatchNextGates(input)))
  process.stdout.write(`${heading('Files')}summary        ${summaryFile}\nowner packets  ${packetFile}\nledger         ${options.ledger}\n`)
  const proved = proof.ok
    ? `ledger verified: ${proof.events} events, ${proof.sealed} sealed rounds, every hash, root and seal`
    : `LEDGER DAMAGED: ${proof.first.message}`
  process.stdout.write(`${heading('Proof')}${proved}\n`)
  const explanation = snapshot.checks.filter((check) => check.status !== 'PASS').map((check) => `  ${check.status} ${check.id}: ${check.reasons.join('; ')}\n`)
  process.stdout.write(`\nRESULT ${summaryLine(snapshot.summary.OVERALL_DECLARATION)}\n${explanation.join('')}`)
  return proof.ok && isGreenOverall(snapshot.summary.OVERALL_DECLARATION) ? 0 : 1
}

function summaryLine(overall: string | undefined): string {
  return isGreenOverall(overall) ? paint('green', overall ?? '') : paint('red', overall ?? 'unknown')
}
