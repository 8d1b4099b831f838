import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export type Identity = { key: string; cert: string }
export type TestCa = {
  /** Folder with `ca.pem`. */
  dir: string
  caPem: string
  /** A certificate for a name, valid between two times (`YYYYMMDDHHMMSSZ`). */
  issue: (name: string, notBefore: string, notAfter: string) => Identity
  selfSigned: () => Identity
  remove: () => void
}

/** A throw-away CA made with the openssl program; nothing of it is committed. */
export function createTestCa(): TestCa {
  const dir = mkdtempSync(path.join(tmpdir(), 'test-ca-'))
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' })
  }
  const read = (name: string): string => readFileSync(path.join(dir, name), 'utf8')
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '3650')
  writeFileSync(path.join(dir, 'index.txt'), '')
  writeFileSync(path.join(dir, 'ca.cnf'), CA_CONFIG)
  let n = 0
  const issue = (name: string, notBefore: string, notAfter: string): Identity => {
    const id = `leaf${n++}`
    openssl('req', ...newKey, '-keyout', `${id}.key`, '-out', `${id}.csr`, '-subj', `/CN=${id}`)
    const san = /^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`
    writeFileSync(path.join(dir, `${id}.ext`), `subjectAltName=${san}\n`)
    const dates = ['-startdate', notBefore, '-enddate', notAfter]
    openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', '-in', `${id}.csr`, '-out', `${id}.pem`, '-extfile', `${id}.ext`, ...dates)
    return { key: read(`${id}.key`), cert: read(`${id}.pem`) }
  }
  const selfSigned = (): Identity => {
    openssl('req', '-x509', ...newKey, '-keyout', 'self.key', '-out', 'self.pem', '-subj', '/CN=self', '-days', '30', '-addext', 'subjectAltName=IP:127.0.0.1')
    return { key: read('self.key'), cert: read('self.pem') }
  }
  return { dir, caPem: read('ca.pem'), issue, selfSigned, remove: () => rmSync(dir, { recursive: true }) }
}

const CA_CONFIG = `[ca]
default_ca = it
[it]
database = index.txt
rand_serial = yes
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 30
policy = any
unique_subject = no
[any]
commonName = supplied
`
