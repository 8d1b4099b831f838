import { openAccessFile, TokenGrant } from '../../api/access/access-file.ts'
import { accessFileOf } from '../../api/access/open-access.ts'
import { makeToken } from '../../api/access/token-text.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type Answer, note, printResult } from '../output.ts'

type Options = { ledger: string; access?: string; role: string[]; subject: string; sourcePrefix?: string; expires?: string; json?: boolean }

/** `evidence token create`: a new bearer token. Its text goes to stdout, once; only its hash is kept. */
export async function run(_args: [], options: Options): Promise<Answer> {
  const grant = toGrant(options)
  const path = accessFileOf({ ledger: options.ledger, access_file: options.access ?? null })
  const file = openAccessFile(path, 'create')
  try {
    const now = new Date()
    if (grant.expires_at !== null && grant.expires_at <= now.toISOString()) throw new EvidenceError('usage', '--expires is in the past')
    const token = makeToken()
    file.add(token, grant, now)
    note(`token ${token.id} for ${grant.subject} (${grant.roles.join(', ')}) in ${path}; it is shown only now`)
    printResult(options.json, { id: token.id, token: token.text, ...grant }, `${token.text}\n`)
    return 0
  } finally {
    file.close()
  }
}

function toGrant({ role, subject, sourcePrefix, expires }: Options): TokenGrant {
  const grant = TokenGrant.safeParse({
    subject,
    roles: [...new Set(role)],
    source_prefix: sourcePrefix ?? null,
    expires_at: expires === undefined ? null : toMoment(expires),
  })
  if (grant.success) return grant.data
  const issue = grant.error.issues[0]
  const option = OPTION_OF[String(issue?.path[0])]
  throw new EvidenceError('usage', `${option === undefined ? '' : `${option}: `}${issue?.message ?? 'invalid'}`, { remedy: '--help shows examples' })
}

const OPTION_OF: Readonly<Record<string, string>> = { subject: '--subject', roles: '--role', source_prefix: '--source-prefix', expires_at: '--expires' }

/** A day (its first moment, UTC) or a moment. */
function toMoment(text: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00.000Z` : text
}
