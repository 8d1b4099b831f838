import { isIP } from 'node:net'
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls'
import type { CheckOf } from '../../schemas/estate.ts'
import { tlsUnmet } from '../../schemas/expectations/tls.ts'
import { hostPort } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'
import { startDeadline } from '../transports/deadline.ts'
import { readCaFile } from './ca-file.ts'
import { toNetworkFailure } from './network-failure.ts'

/**
 * Reads the certificate a TLS server shows; no application data is sent. A bad chain or name is a fact, not a failure:
 * the handshake is finished in order to say what is wrong.
 */
export async function probeTls(check: CheckOf<'tls'>, context: ProbeContext): Promise<Look<'tls'>> {
  const ca = await readCaFile(check.ca_file, context.baseDir)
  const deadline = startDeadline(context)
  const progress: Progress = { stage: 'connect', socket: null }
  try {
    const socket = await deadline.race(handshake(check, ca, progress), 'connect')
    const facts = readFacts(check, socket)
    return { target: hostPort(check.address, check.port), asOf: null, met: tlsUnmet(check, facts, context.now()).length === 0, facts }
  } catch (error) {
    throw deadline.signal.aborted ? deadline.failure(progress.stage) : toNetworkFailure(error, progress.stage)
  } finally {
    progress.socket?.destroy()
    deadline.clear()
  }
}

type Progress = { stage: 'connect' | 'handshake'; socket: TLSSocket | null }

function nameOf(check: CheckOf<'tls'>): string {
  return check.server_name ?? check.address
}

function handshake(check: CheckOf<'tls'>, ca: string | null, progress: Progress): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: check.address,
        port: check.port,
        // An IP address must not be sent as a server name (RFC 6066); an empty one turns the extension off.
        servername: isIP(nameOf(check)) === 0 ? nameOf(check) : '',
        ...(ca === null ? {} : { ca }),
        // Only to read the certificate; what verification said is recorded as chain_ok and chain_error.
        rejectUnauthorized: false,
        // The name is judged apart (name_ok), so that chain_error speaks of the chain alone.
        checkServerIdentity: () => undefined,
      },
      () => resolve(socket),
    )
    progress.socket = socket
    socket.on('connect', () => {
      progress.stage = 'handshake'
    })
    socket.on('error', reject)
  })
}

function readFacts(check: CheckOf<'tls'>, socket: TLSSocket): Look<'tls'>['facts'] {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) throw new ProbeFailure('tls', 'certificate', 'the server showed no certificate')
  const issuer = scrubLine(certificate.issuer ?? '').slice(0, 200)
  return {
    address: check.address,
    port: check.port,
    server_name: nameOf(check),
    chain_ok: socket.authorized,
    chain_error: socket.authorized ? null : scrubLine(String(socket.authorizationError ?? 'unknown')).slice(0, 80),
    name_ok: checkServerIdentity(nameOf(check), certificate.toLegacyObject()) === undefined,
    not_before: timeOf(certificate.validFromDate),
    not_after: timeOf(certificate.validToDate),
    issuer: issuer === '' ? null : issuer.toWellFormed(),
    fingerprint_sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

function timeOf(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new ProbeFailure('parse', 'certificate', 'the certificate has no readable dates')
  return date.toISOString()
}
