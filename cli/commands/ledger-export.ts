import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { exportEvents } from '../../ledger/export-ledger.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type Answer, note } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence ledger export`: the hashed bytes of every event, one a line; importing them gives the same roots. */
export async function run(_args: [], options: { ledger: string; round?: string; output?: string }): Promise<Answer> {
  await withLedger(options.ledger, 'readonly', async (ledger) => {
    const stream = options.output === undefined ? process.stdout : createWriteStream(options.output, { flags: 'wx' })
    try {
      if (stream !== process.stdout) await once(stream, 'open')
      for await (const chunk of exportEvents(ledger, options.round ?? null)) if (!stream.write(chunk)) await once(stream, 'drain')
      if (stream !== process.stdout) await once(stream.end(), 'close')
    } catch (error) {
      if (error instanceof EvidenceError) throw error
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
      if (stream === process.stdout) throw new EvidenceError('output_unwritable', `stdout closed before the end: ${code}`, { cause: error })
      throw new EvidenceError('output_unwritable', `cannot write ${options.output}: ${code}`, {
        remedy: code === 'EEXIST' ? 'the file exists; name another' : 'check the folder and free space',
        cause: error,
      })
    }
  })
  if (options.output !== undefined) note(`wrote ${options.output}`)
  return 0
}
