import { openAccessFile, type TokenRow } from '../../api/access/access-file.ts'
import { accessFileOf } from '../../api/access/open-access.ts'
import { type Answer, printResult } from '../output.ts'

/** `evidence token list`: every token ever made, without its text, which is not kept. */
export async function run(_args: [], options: { ledger: string; access?: string; json?: boolean }): Promise<Answer> {
  const file = openAccessFile(accessFileOf({ ledger: options.ledger, access_file: options.access ?? null }), 'existing')
  try {
    const tokens = file.list()
    printResult(options.json, { tokens }, tokens.map(toLine).join(''))
    return 0
  } finally {
    file.close()
  }
}

function toLine({ id, subject, roles, source_prefix, created_at, expires_at, revoked_at }: TokenRow): string {
  const end = revoked_at !== null ? `revoked ${revoked_at}` : expires_at !== null ? `expires ${expires_at}` : 'no end'
  return `${id}  ${roles.join(',')}  ${subject}  ${source_prefix ?? '-'}  made ${created_at}  ${end}\n`
}
