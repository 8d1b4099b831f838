import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { type AccessFile, openAccessFile, type TokenGrant } from '../../api/access/access-file.ts'
import type { Role } from '../../api/access/principal.ts'
import { makeToken } from '../../api/access/token-text.ts'

export type TestTokens = {
  readonly path: string
  readonly file: AccessFile
  /** A new token of these roles; producers get the source prefix `urn:test:own` unless told otherwise. */
  make(roles: readonly Role[], more?: Partial<TokenGrant>): { id: string; text: string; bearer: { authorization: string } }
}

/** A real access file in a folder of its own. */
export function makeTokens(): TestTokens {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'evidence-access-')), 'access.db')
  const open = openAccessFile(file, 'create')
  onTestFinished(() => open.close())
  return {
    path: file,
    file: open,
    make(roles, more = {}) {
      const token = makeToken()
      const source_prefix = roles.includes('producer') ? 'urn:test:own' : null
      open.add(token, { subject: `test-${roles.join('-')}`, roles: [...roles], source_prefix, expires_at: null, ...more }, new Date())
      return { id: token.id, text: token.text, bearer: { authorization: `Bearer ${token.text}` } }
    },
  }
}
