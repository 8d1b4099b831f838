import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fingerprint, hostKeyAlgorithms, judgeHostKey } from '../../producers/transports/host-key.ts'
import { keysOf, parseKnownHosts } from '../../producers/transports/known-hosts.ts'

/** A public key line in wire form; only its type and its bytes matter here. */
function keyText(type: string, seed: number): string {
  const name = Buffer.from(type)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(name.length)
  return `${type} ${Buffer.concat([length, name, Buffer.alloc(36, seed)]).toString('base64')}`
}

function blobOf(text: string): Buffer {
  return Buffer.from(text.split(' ')[1] ?? '', 'base64')
}

const A = keyText('ssh-ed25519', 1)
const B = keyText('ssh-rsa', 2)

function trusts(text: string, host: string, port = 22): number {
  return keysOf(parseKnownHosts(text), host, port).trusted.length
}

describe('known_hosts', () => {
  it('finds a host by name, list, wildcard and port', () => {
    expect(trusts(`one.example,192.0.2.1 ${A}`, 'one.example')).toBe(1)
    expect(trusts(`one.example,192.0.2.1 ${A}`, '192.0.2.1')).toBe(1)
    expect(trusts(`ONE.example ${A}`, 'one.EXAMPLE')).toBe(1)
    expect(trusts(`*.example ${A}`, 'one.example')).toBe(1)
    expect(trusts(`one.exampl? ${A}`, 'one.example')).toBe(1)
    expect(trusts(`one.example ${A}`, 'onexexample')).toBe(0)
    expect(trusts(`one.example ${A}`, 'two.one.example')).toBe(0)
    expect(trusts(`*.example,!one.example ${A}`, 'one.example')).toBe(0)
    expect(trusts(`!one.example ${A}`, 'two.example')).toBe(0)
  })

  it('keeps ports apart', () => {
    expect(trusts(`[one.example]:2222 ${A}`, 'one.example', 2222)).toBe(1)
    expect(trusts(`[one.example]:2222 ${A}`, 'one.example')).toBe(0)
    expect(trusts(`one.example ${A}`, 'one.example', 2222)).toBe(0)
    expect(trusts(`[one.example]:22 ${A}`, 'one.example')).toBe(1)
    expect(trusts(`[one.example]:22 ${A}`, 'one.example', 222)).toBe(0)
  })

  it('finds hashed names', () => {
    const salt = randomBytes(20)
    const hash = createHmac('sha1', salt).update('[one.example]:2222').digest('base64')
    const line = `|1|${salt.toString('base64')}|${hash} ${A}`
    expect(trusts(line, 'one.example', 2222)).toBe(1)
    expect(trusts(line, 'one.example')).toBe(0)
    expect(trusts(line, 'two.example', 2222)).toBe(0)
  })

  it('reads comments, several types, revocations and authorities', () => {
    const text = `# comment\n\nh ${A} root@h\r\nh ${B}\n@revoked h ${B}\n@cert-authority * ${A}\n`
    const known = keysOf(parseKnownHosts(text), 'h', 22)
    expect(known.keyTypes).toEqual(['ssh-ed25519', 'ssh-rsa'])
    expect(known.trusted).toHaveLength(2)
    expect(judgeHostKey(known, blobOf(A))).toBe('trusted')
    expect(judgeHostKey(known, blobOf(B))).toBe('revoked')
    expect(judgeHostKey(known, blobOf(keyText('ssh-ed25519', 9)))).toBe('changed')
    const onlyAuthority = keysOf(parseKnownHosts(`@cert-authority h ${A}`), 'h', 22)
    expect(judgeHostKey(onlyAuthority, blobOf(A))).toBe('unknown')
  })

  it('refuses a file with any line that it cannot read', () => {
    for (const bad of [
      'h',
      `h ssh-ed25519`,
      `@trusted h ${A}`,
      'h ssh-ed25519 !!!!',
      `h ssh-rsa ${A.split(' ')[1]}`,
      `|2|a|b ${A}`,
      'h 1024 35 12345',
      'h ssh-ed25519 AAAA',
    ]) {
      expect(() => parseKnownHosts(`h ${A}\n${bad}\n`)).toThrow(/known_hosts line 2/u)
    }
  })

  it('offers the algorithms of the recorded keys and no SHA-1', () => {
    expect(hostKeyAlgorithms(['ssh-rsa', 'ssh-ed25519'])).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519'])
    expect(hostKeyAlgorithms(['ssh-dss'])).toBeUndefined()
    expect(fingerprint(blobOf(A))).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/u)
  })
})
