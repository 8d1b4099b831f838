import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSecretLike, scrubLine } from '../../producers/scrub-line.ts'

/** Token-like texts are put together at run time, so that none stands in the source. */
const HEX = randomBytes(20).toString('hex')
const SECRETS: readonly [string, string, string][] = [
  ['URL with credentials', `fetch https://bob:${'hunter'}2@example.com/x`, 'hunter2'],
  ['URL with a slash in the password', `fetch postgres://bob:hun/ter2@db/x`, 'ter2'],
  ['assignment', `PASSWORD=${'hunter'}2`, 'hunter2'],
  ['assignment inside a name', `DB_PASSWORD: ${'hunter'}2 rest`, 'hunter2'],
  ['quoted value', `secret="${'hunter'} two"`, 'two'],
  ['JSON member', `{"api_key": "${'hunter'}2"}`, 'hunter2'],
  ['option', `--password ${'hunter'}2`, 'hunter2'],
  ['bearer', `Authorization: Bearer ${'abc'}.def-123456`, 'def-123456'],
  ['basic', `got Basic ${Buffer.from('user:pass').toString('base64')}`, Buffer.from('user:pass').toString('base64')],
  ['GitHub token', `use ${'gh'}p_${'A1b2'.repeat(9)}`, 'A1b2A1b2'],
  ['JWT', `jwt ${'ey'}J${'hbGciOi'}.${'ey'}JzdWIi.sig-nature`, 'hbGciOi'],
  ['AWS key id', `id ${'AK'}IA${'IOSFODNN7EXAMPLE'}`, 'IOSFODNN7'],
  ['hex', `digest ${HEX}`, HEX],
  ['base64', `value ${randomBytes(33).toString('base64').replaceAll('/', 'x')}`, ''],
  ['OTP seed', `seed ${'JBSWY3DP'}${'EHPK3PXP'}`, 'EHPK3PXP'],
  ['private key', `-----BEGIN ${'OPENSSH PRIVATE'} KEY----- b3BlbnNzaA`, 'b3Bl'],
]

describe('scrubLine', () => {
  for (const [name, text, secret] of SECRETS) {
    it(`takes away: ${name}`, () => {
      const scrubbed = scrubLine(text)
      expect(scrubbed).toContain('[redacted]')
      if (secret !== '') expect(scrubbed).not.toContain(secret)
      expect(isSecretLike(text)).toBe(true)
    })
  }

  it('leaves what recovery tools say', () => {
    const lines = [
      'public route https://stock.wooo.work/ 502',
      '188 momo source file absent while daily sales data stale',
      'StockPlatform freshness is blocked: core_margin_short_daily_missing,ai_recommendations_stale',
      'AWOOOI API not reachable',
      'awoooi-post-reboot-readiness-20260627-115046',
      'pod awoooi-api-7c9d8f6b5-x2k4q not ready',
      'full-stack-cold-start-check.sh hash mismatch',
      'cat: /etc/shadow: Permission denied',
      'failed unit postgresql@14-main.service',
      'escrow_missing=5 offsite_fresh=1',
      '未掛載 /data',
      'host key changed: expected SHA256:AAAAC3NzaC1lZDI1NTE5AAAAIabcdefghijklmnop12 seen x',
    ]
    for (const line of lines) expect(scrubLine(line)).toBe(line)
  })

  it('keeps key fingerprints but not what stands beside them', () => {
    const print = `SHA256:${randomBytes(32).toString('base64').slice(0, 43)}`
    expect(scrubLine(`expected ${print}, token=${'hunter'}2`)).toBe(`expected ${print}, token=[redacted]`)
  })

  it('is one printable line of at most 300 characters, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
        const line = scrubLine(text)
        expect(line.length).toBeLessThanOrEqual(300)
        expect(line).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
    expect(scrubLine('\u001b[31mBLOCKED\u001b[0m\r\nnext')).toBe('BLOCKED next')
    expect(scrubLine('z'.repeat(5000))).toHaveLength(300)
  })

  it('takes linear time on hostile text', () => {
    const started = performance.now()
    for (const part of ['a@', 'password', '-', 'A2', ':// ', '=', 'token =', 'eyJ']) scrubLine(part.repeat(4000))
    expect(performance.now() - started).toBeLessThan(1500)
  })
})
