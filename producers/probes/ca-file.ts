import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ProbeFailure } from '../transport.ts'

/**
 * Reads a declared CA file of this machine; null where none is declared.
 * A file without a certificate is refused: Node takes an empty `ca` for "not given" and would trust every public CA.
 */
export async function readCaFile(caFile: string | undefined, baseDir: string): Promise<string | null> {
  if (caFile === undefined) return null
  const pem = await readFile(path.resolve(baseDir, caFile), 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new ProbeFailure(code === 'EACCES' ? 'permission' : 'internal', 'ca_file', `cannot read ca_file: ${code}`, error)
  })
  if (!/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(pem)) throw new ProbeFailure('tls', 'ca_file', 'ca_file holds no certificate')
  return pem
}
