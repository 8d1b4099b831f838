import { openAccessFile } from '../../api/access/access-file.ts'
import { accessFileOf } from '../../api/access/open-access.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type Answer, printResult } from '../output.ts'

/** `evidence token revoke`: from now on the token is refused, also by a service that runs. */
export async function run([id]: [string], options: { ledger: string; access?: string; json?: boolean }): Promise<Answer> {
  const file = openAccessFile(accessFileOf({ ledger: options.ledger, access_file: options.access ?? null }), 'existing')
  try {
    if (!file.revoke(id, new Date())) throw new EvidenceError('usage', 'no token has this id', { remedy: 'evidence token list' })
    printResult(options.json, { id, revoked: true }, `revoked ${id}\n`)
    return 0
  } finally {
    file.close()
  }
}
