import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { inspectText } from '../../guards/response-fields.ts'
import { findSecretLike, type SecretCode } from '../../schemas/secret-like.ts'

/**
 * Samples are put together from pieces, so that no scanner takes this file for a leak. None of them was ever a secret.
 */
const glue = (...pieces: string[]): string => pieces.join('')
const X = 'Ab3dEf6hIj9lMn2pQr5tUv8xYz1bCd4fGh7j'

const SECRETS: readonly (readonly [SecretCode, string, string])[] = [
  ['private_key', 'PEM', glue('-----BEGIN ', 'RSA PRIVATE', ' KEY-----')],
  ['private_key', 'OpenSSH PEM', glue('-----BEGIN ', 'OPENSSH PRIVATE', ' KEY-----')],
  ['private_key', 'encrypted PEM', glue('-----BEGIN ', 'ENCRYPTED PRIVATE', ' KEY-----')],
  ['private_key', 'only the footer', glue('-----END ', 'EC PRIVATE', ' KEY-----')],
  ['private_key', 'PGP', glue('-----BEGIN ', 'PGP PRIVATE', ' KEY BLOCK-----')],
  ['private_key', 'body of an OpenSSH key', glue('b3BlbnNz', 'aC1rZXktdjEAAAAABG5vbmU')],
  ['private_key', 'body of a DER key', glue('MII', 'EpAIBAAKCAQEA', 'x'.repeat(20))],
  ['private_key', 'age', glue('AGE-SECRET', '-KEY-1QQPQ')],
  ['private_key', 'PuTTY', glue('PuTTY-User', '-Key-File-3: ssh-ed25519')],
  ['url_credentials', 'database URL', glue('postgres://', 'app:', 'hunter2', '@db.example/app')],
  ['url_credentials', 'URL without a user', glue('redis://', ':hunter2', '@cache.example:6379')],
  ['known_token', 'GitHub', glue('gh', 'p_', X)],
  ['known_token', 'GitHub fine-grained', glue('github', '_pat_', X)],
  ['known_token', 'GitLab', glue('gl', 'pat-', X.slice(0, 20))],
  ['known_token', 'Slack', glue('xo', 'xb-', '1234-abcd-efgh')],
  ['known_token', 'AWS', glue('AK', 'IA', 'IOSFODNN7EXAMPLE')],
  ['known_token', 'Google', glue('AI', 'za', X.slice(0, 35))],
  ['known_token', 'Google refresh', glue('1/', '/0', X.slice(0, 30))],
  ['known_token', 'OpenAI', glue('s', 'k-', X.slice(0, 24))],
  ['known_token', 'Stripe', glue('s', 'k_live_', X.slice(0, 24))],
  ['known_token', 'Vault', glue('hv', 's.', X.slice(0, 24))],
  ['known_token', 'npm', glue('np', 'm_', X)],
  ['known_token', 'Telegram bot', glue('12345678', '9:AA', X.slice(0, 33))],
  ['known_token', 'JWT', glue('ey', 'JhbGciOiJIUzI1NiJ9', '.', 'eyJzdWIiOiIxIn0', '.', 'c2ln')],
  ['otp_seed', 'otpauth', glue('otp', 'auth://totp/x?secret=ABC')],
  ['otp_seed', 'base32 seed', glue('JBSWY3DP', 'EHPK3PXP')],
  ['assigned_secret', 'password =', glue('pass', 'word = hunter2')],
  ['assigned_secret', 'password is', glue('the pass', 'word is swordfish')],
  ['assigned_secret', 'api key', glue('api', '_key: abcdef')],
  ['assigned_secret', 'bearer', glue('Bear', 'er abcdefgh12345678')],
  ['assigned_secret', 'recovery code', glue('recovery', ' code: 1234')],
  ['long_hex', 'a bare SHA-256', 'ab'.repeat(32)],
  ['long_hex', 'an MD5', 'ab'.repeat(16)],
  ['long_hex', 'part of a hash', 'ab12cd34'.repeat(3)],
  ['long_base64', 'random base64', X.slice(0, 32)],
]

describe('what looks like a secret is found', () => {
  for (const [code, name, text] of SECRETS) {
    test(name, () => {
      expect(findSecretLike(text)).toBe(code)
      expect(findSecretLike(`see ${text} for the rest`), 'in a sentence').not.toBeNull()
    })
  }
})

describe('the usual ways around a pattern are no way around', () => {
  const token = glue('gh', 'p_', X)
  const ways: readonly (readonly [string, string])[] = [
    ['a line break in the middle', `${token.slice(0, 12)}\n${token.slice(12)}`],
    ['spaces', token.split('').join(' ')],
    ['a zero-width space', `${token.slice(0, 3)}\u200b${token.slice(3)}`],
    ['a soft hyphen', `${token.slice(0, 3)}\u00ad${token.slice(3)}`],
    ['full-width letters', token.replace(/[a-z]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))],
    ['a quote before it', `"${token}"`],
    ['a word before it', `token=${token}`],
  ]
  for (const [name, text] of ways) test(name, () => expect(findSecretLike(text)).not.toBeNull())
  test('random keys of usual lengths, as hex and base64', () => {
    for (let n = 0; n < 200; n++) {
      const key = randomBytes(32)
      expect(findSecretLike(key.toString('hex'))).toBe('long_hex')
      expect(findSecretLike(randomBytes(24).toString('hex'))).toBe('long_hex')
    }
  })
})

/** What people and this program really write; a refusal here would teach owners to work around the guard. */
const NORMAL = [
  'vault-item-4711',
  'VLT.88213',
  'envelope/2026-06/17',
  'sealed-envelope-0042',
  'CHG-2026-0142',
  'CHG0031337',
  'INC-20260627-115046',
  'runbook/host-188#rollback',
  'runbook/postgresql-14-main#restore-from-base-backup',
  'docs/runbooks/credential-escrow-evidence-checklist.md',
  'backup-2026-06-20-0231',
  'checklist:escrow-3',
  'registry-record-88',
  'dba-on-duty',
  'ops.owner@home.example',
  'awoooi-post-reboot-readiness-20260627-115046',
  'host_188_hygiene_maintenance_window',
  'restic_repository_password',
  'offsite_provider_credentials',
  'oauth_ai_provider_recovery',
  '01978f5e-7a6b-7c3d-8e9f-0a1b2c3d4e5f',
  '2026-06-27T03:50:46.000Z',
  'references are kept in the vault; item names are in the change ticket',
  'The rollback owner is on duty from 22:00 to 02:00.',
  'postgresql@14-main.service',
  'kube-system/coredns-7b98449c4-x2x9v',
  'ESCROW_MISSING_ITEMS=restic_repository_password,offsite_provider_credentials',
  'https://status.example.org/incidents/2026-06-27',
]

describe('normal references are no secrets', () => {
  for (const text of NORMAL) test(text, () => expect(findSecretLike(text)).toBeNull())
  test('a digest passes where a digest is asked for, and nowhere else', () => {
    const digest = `sha256:${'5c'.repeat(32)}`
    expect(inspectText('packet_digest', digest, '/p', true)).toEqual([])
    expect(inspectText('reference', digest, '/p', true)).toEqual([])
    expect(inspectText('reference', digest, '/p', false)).toMatchObject([{ status: 'blocked_secret_payload', code: 'secret_like_long_hex' }])
    expect(inspectText('packet_digest', '5c'.repeat(32), '/p', true)).toMatchObject([{ status: 'blocked_secret_payload' }])
  })
})
