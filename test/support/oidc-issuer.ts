import type { webcrypto } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'

type Key = { kid: string; alg: string; privateKey: webcrypto.CryptoKey; publicJwk: JWK }

export type OidcIssuer = {
  readonly url: string
  /** How often the key set was fetched. */
  readonly fetches: () => number
  /** Keys in the published set, first first. */
  readonly keys: readonly Key[]
  /** Adds a key to the set, in front, and signs with it from now on. */
  rotate(alg?: string): Promise<Key>
  /** Takes a key out of the set. */
  drop(kid: string): void
  /** From now on answers like this; null: as it should. */
  answerWith(answer: ((request: IncomingMessage, response: ServerResponse) => void) | null): void
  /** A JWT of the newest key; claims and header over what is right, `undefined` leaves one out. */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: Key): Promise<string>
}

/** A real OpenID provider, as far as discovery, keys and signed tokens go, on a free port of the loopback. */
export async function startIssuer(alg = 'ES256'): Promise<OidcIssuer> {
  const keys: Key[] = []
  let fetches = 0
  let answer: ((request: IncomingMessage, response: ServerResponse) => void) | null = null
  const server = createServer((request, response) => {
    if (request.url === '/jwks') fetches++
    if (answer !== null) return answer(request, response)
    if (request.url === '/.well-known/openid-configuration') return send(response, { issuer: url, jwks_uri: `${url}/jwks` })
    if (request.url === '/jwks') return send(response, { keys: keys.map((key) => key.publicJwk) })
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer: OidcIssuer = {
    url,
    fetches: () => fetches,
    keys,
    async rotate(next = alg) {
      const kid = `key-${keys.length + 1}-${Math.random().toString(36).slice(2)}`
      const { publicKey, privateKey } = await generateKeyPair(next, { extractable: true })
      keys.unshift({ kid, alg: next, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: next, use: 'sig' } })
      return keys[0] as Key
    },
    drop(kid) {
      keys.splice(
        keys.findIndex((key) => key.kid === kid),
        1,
      )
    },
    answerWith(next) {
      answer = next
    },
    async sign(claims = {}, header = {}, key = keys[0] as Key) {
      const now = Math.floor(Date.now() / 1000)
      const all = { iss: url, aud: 'evidence', sub: 'alice', iat: now, exp: now + 300, roles: ['sre'], ...claims }
      const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as JWTPayload
      return await new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header }).sign(key.privateKey)
    },
  }
  await issuer.rotate()
  return issuer
}

function send(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
