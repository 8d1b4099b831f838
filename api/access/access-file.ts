import { timingSafeEqual } from 'node:crypto'
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { migrate, openLedgerFile } from '../../ledger/ledger-file.ts'
import { guardSqlite } from '../../ledger/sqlite-error.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { line, Time } from '../../schemas/primitives.ts'
import type { Identified } from './access-port.ts'
import { type Principal, ROLES } from './principal.ts'
import { hashToken, type NewToken, tokenIdOf } from './token-text.ts'

const COMPONENT = 'access'
const MIGRATIONS = [
  `CREATE TABLE access_tokens(
    id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, subject TEXT NOT NULL, roles TEXT NOT NULL, source_prefix TEXT,
    created_at TEXT NOT NULL, expires_at TEXT, revoked_at TEXT) STRICT, WITHOUT ROWID`,
]

/** What `evidence token create` was told. A producer has a source prefix, and nobody else has. */
export const TokenGrant = z
  .strictObject({
    subject: line(120).regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+ -]*$/u, 'letters, digits and . _ @ + - only'),
    roles: z.array(z.enum(ROLES)).min(1),
    source_prefix: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/@%+-]{1,199}$/, 'not the beginning of a URI')
      .nullable(),
    expires_at: Time.nullable(),
  })
  .refine(
    ({ roles, source_prefix }) => roles.includes('producer') === (source_prefix !== null),
    'a producer needs --source-prefix, and only a producer has one',
  )
export type TokenGrant = z.infer<typeof TokenGrant>

/** Everything that is kept of a token; its text is not. */
export type TokenRow = TokenGrant & { readonly id: string; readonly created_at: string; readonly revoked_at: string | null }

/**
 * The tokens of a service: an SQLite file, readable by its owner only. Writes are durable when they return; every process
 * that has it open sees them at once, so a revocation needs no restart. Throws `ledger_unavailable` and its like.
 */
export type AccessFile = {
  add(token: NewToken, grant: TokenGrant, at: Date): void
  list(): readonly TokenRow[]
  /** False: there is no such token. Revoking twice keeps the first moment. */
  revoke(id: string, at: Date): boolean
  identify(text: string, at: Date): Identified
  close(): void
}

/** `existing` throws `usage` where there is none, naming the command that makes one. */
export function openAccessFile(path: string, mode: 'create' | 'existing'): AccessFile {
  if (mode === 'existing' && !existsSync(path)) {
    throw new EvidenceError('usage', `there is no access file at ${path}`, { remedy: 'evidence token create makes it' })
  }
  const db = openLedgerFile({ path, mode })
  const guarded = guardSqlite(path)
  try {
    guarded(() => migrate(db, COMPONENT, MIGRATIONS))
  } catch (error) {
    db.close()
    throw error
  }
  const one = db.prepare('SELECT * FROM access_tokens WHERE id = ?')
  return {
    add: ({ id, hash }, { subject, roles, source_prefix, expires_at }, at) =>
      guarded(() => {
        db.prepare('INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?, ?, ?, NULL)').run(
          id,
          hash,
          subject,
          roles.join(' '),
          source_prefix,
          at.toISOString(),
          expires_at,
        )
      }),
    list: () => guarded(() => db.prepare('SELECT * FROM access_tokens ORDER BY created_at, id').all().map(toRow)),
    revoke: (id, at) =>
      guarded(() => db.prepare('UPDATE access_tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?').run(at.toISOString(), id).changes === 1),
    identify: (text, at) => {
      const id = tokenIdOf(text)
      if (id === null) return { ok: false, reason: 'credentials_malformed' }
      const row = guarded(() => one.get(id))
      return row === undefined ? { ok: false, reason: 'token_unknown' } : identifyRow(row, text, at)
    },
    close: () => db.close(),
  }
}

type Row = Record<string, unknown>

/** The hash first: only who has the token may learn that it was revoked. */
function identifyRow(row: Row, text: string, at: Date): Identified {
  const { subject, roles, source_prefix, expires_at, revoked_at } = toRow(row)
  if (!(row.hash instanceof Uint8Array) || row.hash.length !== 32 || !timingSafeEqual(row.hash, hashToken(text))) return { ok: false, reason: 'token_unknown' }
  const principal: Principal = { subject, roles, sourcePrefixes: source_prefix === null ? [] : [source_prefix], via: 'token' }
  if (revoked_at !== null) return { ok: false, reason: 'token_revoked', principal }
  if (expires_at !== null && expires_at <= at.toISOString()) return { ok: false, reason: 'token_expired', principal }
  return { ok: true, principal }
}

/** Strict: what this program cannot have written is no token. */
const StoredToken = z.strictObject({
  id: z.string(),
  subject: z.string(),
  roles: z
    .string()
    .transform((text) => text.split(' '))
    .pipe(z.array(z.enum(ROLES))),
  source_prefix: z.string().nullable(),
  created_at: Time,
  expires_at: Time.nullable(),
  revoked_at: Time.nullable(),
})

function toRow(row: Row): TokenRow {
  const { hash: _, ...rest } = row
  const parsed = StoredToken.safeParse(rest)
  if (!parsed.success) throw new EvidenceError('ledger_corrupt', 'the access file holds a token that this program cannot have written')
  return parsed.data
}
