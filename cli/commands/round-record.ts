import { recordReboot } from '../../api/actions/find-reboot.ts'
import { jsonText } from '../../api/actions/guard-answer.ts'
import { rebootRecordText } from '../../api/actions/reboot-record-text.ts'
import { writeFileAtomically } from '../../api/actions/write-file.ts'
import { type Answer, note } from '../output.ts'
import { withLedger } from '../stores.ts'

type Options = { previous?: string; output?: string; ledger: string; json?: boolean }

/** `evidence round record`: exit 0, whatever the record says. */
export async function run([id]: [string], { previous, output, ledger: path, json }: Options): Promise<Answer> {
  const record = await withLedger(path, 'readonly', (ledger) => recordReboot(ledger, id, previous))
  const text = json ? jsonText(record) : rebootRecordText(record)
  if (output === undefined) process.stdout.write(text)
  else {
    await writeFileAtomically(output, text)
    note(`wrote ${output}`)
  }
  return 0
}
