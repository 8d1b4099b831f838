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
  writeFileSync(at('names.ext'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`)
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names.ext'), '-days', '90']
  openssl('x509', '-req', '-in', at('edge.csr'), ...signed, '-out', at('edge.pem'))
}
