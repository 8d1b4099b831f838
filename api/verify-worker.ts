import { parentPort, workerData } from 'node:worker_threads'
import { verifyLedger } from '../ledger/verify-ledger.ts'
import { EvidenceError } from '../schemas/errors.ts'

/** What a verification says to the service: how far it is, then once how it ended. */
export type VerifyMessage =
  | { type: 'progress'; checked: number; total: number }
  | {
      type: 'done'
      ok: boolean
      checked: number
      head: { position: number; chain: string } | null
      problems: { code: string; position: number | null; round_id: string | null; message: string }[]
    }
  | { type: 'failed'; code: string }

/** A thread of its own: hashing millions of events, and SQLite's own check of the file, must not hold up any request. */
async function verify(path: string, tell: (message: VerifyMessage) => void): Promise<void> {
  try {
    const result = await verifyLedger(path, { onProgress: (checked, total) => tell({ type: 'progress', checked, total }) })
    const problems = result.ok
      ? []
      : [{ code: result.first.code, position: result.first.position, round_id: result.first.roundId, message: result.first.message }]
    tell({ type: 'done', ok: result.ok, checked: result.events, head: result.ok ? result.head : null, problems })
  } catch (error) {
    tell({ type: 'failed', code: error instanceof EvidenceError ? error.code : 'internal' })
  }
}

const port = parentPort
if (port !== null) await verify(String(workerData), (message) => port.postMessage(message))
