import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openAccessFile, TokenGrant } from '../../api/access/access-file.ts'
import { isLoopback } from '../../api/access/may-listen.ts'
import { isUnder } from '../../api/access/source-prefix.ts'
import { makeToken, tokenIdOf } from '../../api/access/token-text.ts'
import { openLedgerFile } from '../../ledger/ledger-file.ts'
import { makeTokens } from '../support/test-access.ts'

describe('a token', () => {
  it('is told from text that only looks like one: any changed character is found', () => {
    const { text, id } = makeToken()
    expect([tokenIdOf(text), text.length]).toEqual([id, 65])
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom(...'0123456789abcdefABCXYZ_'), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1)
        expect(tokenIdOf(changed)).toBe(changed === text ? id : null)
      }),
    )
    for (const other of ['', 'evl_', text.slice(0, -1), `${text}0`, ` ${text}`, `${text}\n`, text.toUpperCase()]) expect(tokenIdOf(other)).toBeNull()
  })

  it('is another one every time, from the whole alphabet', () => {
    const many = Array.from({ length: 500 }, () => makeToken().text)
    expect(new Set(many).size).toBe(500)
    expect(new Set(many.map((text) => text.slice(17, 57)).join('')).size).toBe(62)
  })
})

describe('the access file', () => {
  it('keeps hashes, and is for its owner only', () => {
    const tokens = makeTokens()
    const { text } = tokens.make(['auditor'])
    const secret = text.slice(17, 57)
    const files = [tokens.path, `${tokens.path}-wal`].map((file) => readFileSync(file).toString('latin1'))
    expect(files.join('').includes('test-auditor')).toBe(true)
    expect(files.join('').includes(secret)).toBe(false)
    expect((statSync(tokens.path).mode & 0o777).toString(8)).toBe('600')
  })

  it('is seen at once by whoever else has it open', () => {
    const tokens = makeTokens()
    const service = openAccessFile(tokens.path, 'existing')
    const { id, text } = tokens.make(['auditor'], { subject: 'alice' })
    expect(service.identify(text, new Date())).toEqual({ ok: true, principal: { subject: 'alice', roles: ['auditor'], sourcePrefixes: [], via: 'token' } })
    expect(tokens.file.revoke(id, new Date('2026-11-20T00:00:00.000Z'))).toBe(true)
    const alice = { subject: 'alice', roles: ['auditor'], sourcePrefixes: [], via: 'token' }
    expect(service.identify(text, new Date())).toEqual({ ok: false, reason: 'token_revoked', principal: alice })
    expect(tokens.file.revoke(id, new Date('2026-11-21T00:00:00.000Z'))).toBe(true)
    expect(service.list().map((row) => row.revoked_at)).toEqual(['2026-11-20T00:00:00.000Z'])
    expect(service.revoke('000000000000', new Date())).toBe(false)
    service.close()
  })

  it('says of another token under a known id only that it is unknown', () => {
    const tokens = makeTokens()
    const { id } = tokens.make(['auditor'])
    tokens.file.revoke(id, new Date())
    const forged = Array.from({ length: 1 }, () => makeToken().text.replace(/^evl_[0-9a-f]{12}/, `evl_${id}`))[0] as string
    expect(tokens.file.identify(forged, new Date())).toEqual({ ok: false, reason: 'credentials_malformed' })
    const real = makeToken()
    expect(tokens.file.identify(real.text, new Date())).toEqual({ ok: false, reason: 'token_unknown' })
    // The right id and checksum, another secret: the row of `id` now holds the hash of a different text.
    tokens.file.add({ ...real, hash: Buffer.alloc(32, 7) }, { subject: 'x', roles: ['auditor'], source_prefix: null, expires_at: null }, new Date())
    expect(tokens.file.identify(real.text, new Date())).toEqual({ ok: false, reason: 'token_unknown' })
  })

  it('ends a token at the moment it names', () => {
    const tokens = makeTokens()
    const { text } = tokens.make(['auditor'], { expires_at: '2026-11-21T00:00:00.000Z' })
    expect(tokens.file.identify(text, new Date('2026-11-20T23:59:59.999Z')).ok).toBe(true)
    expect(tokens.file.identify(text, new Date('2026-11-21T00:00:00.000Z'))).toMatchObject({
      ok: false,
      reason: 'token_expired',
      principal: { subject: 'test-auditor' },
    })
  })

  it('with a row that this program cannot have written lets nobody in', () => {
    const tokens = makeTokens()
    const { text } = tokens.make(['auditor'])
    const db = openLedgerFile({ path: tokens.path, mode: 'existing' })
    db.exec("UPDATE access_tokens SET roles = 'auditor admin'")
    expect(() => tokens.file.identify(text, new Date())).toThrow('cannot have written')
    db.exec("UPDATE access_tokens SET roles = 'auditor', expires_at = 'never'")
    expect(() => tokens.file.identify(text, new Date())).toThrow('cannot have written')
    db.close()
  })

  it('that is not there is told, not made', () => {
    const file = path.join(tmpdir(), `access-${randomUUID()}.db`)
    expect(() => openAccessFile(file, 'existing')).toThrow('there is no access file')
  })
})

it('a producer has a source prefix, and nobody else', () => {
  const grant = (roles: string[], source_prefix: string | null) => TokenGrant.safeParse({ subject: 'x', roles, source_prefix, expires_at: null }).success
  expect([grant(['producer'], 'urn:a:b'), grant(['producer'], null), grant(['auditor'], 'urn:a:b'), grant(['auditor'], null), grant([], null)]).toEqual([
    true,
    false,
    false,
    true,
    false,
  ])
  for (const bad of ['', 'urn', ':', 'urn:a b', 'urn:', 'urn:a\n']) expect(grant(['producer'], bad)).toBe(false)
})

it('a source is under a prefix only at a delimiter', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '1'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(part, part, part, (a, b, c) => {
      expect(isUnder(`urn:${a}`, `urn:${a}:${b}`)).toBe(true)
      expect(isUnder(`urn:${a}`, `urn:${a}/${b}`)).toBe(true)
      expect(isUnder(`urn:${a}:`, `urn:${a}:${b}`)).toBe(true)
      expect(isUnder(`urn:${a}`, `urn:${a}${c}`)).toBe(false)
      expect(isUnder(`urn:${a}:${b}`, `urn:${a}`)).toBe(false)
      expect(isUnder('', `urn:${a}`)).toBe(false)
    }),
  )
})

it('the loopback is what it is, in all its forms', () => {
  for (const yes of ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1']) expect([yes, isLoopback(yes)]).toEqual([yes, true])
  for (const no of ['0.0.0.0', '::', '128.0.0.1', '10.0.0.1', '::ffff:10.0.0.1', '::2', 'localhost', '', '127.1'])
    expect([no, isLoopback(no)]).toEqual([no, false])
})
