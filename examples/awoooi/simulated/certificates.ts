import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** An authority of this simulation only, and one certificate for all public names that it signed: ca.pem, edge.pem, edge.key. */
export function makeCertificates(dir: string, names: readonly string[]): void {
  const at = (name: string): string => join(dir, name)
  const openssl = (...words: string[]): void => {
    execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '365', '-subj', '/CN=Simulated estate authority')
  openssl('req', ...key, '-keyout', at('edge.key'), '-out', at('edge.csr'), '-subj', `/CN=${names[0]}`)
  issue(dir, names, 'edge.pem', 90)
}

/** Signs the edge's request again, for `days` from now. */
export function issue(dir: string, names: readonly string[], file: string, days: number): void {
  const at = (name: string): string => join(dir, name)
  writeFileSync(at('names.ext'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`)
  const request = ['-in', at('edge.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names.ext')]
  execFileSync('openssl', ['x509', '-req', ...request, '-out', at(file), '-days', String(days)], { stdio: ['ignore', 'ignore', 'pipe'] })
}
