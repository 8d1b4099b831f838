import { connect, type Socket } from 'node:net'
import type { CheckOf } from '../../schemas/estate.ts'
import { tcpUnmet } from '../../schemas/expectations/tcp.ts'
import { hostPort } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { startDeadline } from '../transports/deadline.ts'
import { toNetworkFailure } from './network-failure.ts'

/** Opens one TCP connection and closes it; no byte is sent. */
export async function probeTcp(check: CheckOf<'tcp'>, context: ProbeContext): Promise<Look<'tcp'>> {
  await openAndClose(check.address, check.port, context)
  const facts = { address: check.address, port: check.port, connected: true as const }
  return { target: hostPort(check.address, check.port), asOf: null, met: tcpUnmet(check, facts, context.now()).length === 0, facts }
}

async function openAndClose(host: string, port: number, context: ProbeContext): Promise<void> {
  const deadline = startDeadline(context)
  let socket: Socket | undefined
  try {
    await deadline.race(
      new Promise<void>((resolve, reject) => {
        socket = connect({ host, port }, resolve)
        socket.on('error', reject)
      }),
      'connect',
    )
    if (socket !== undefined && isSelfConnected(socket)) throw new ProbeFailure('refused', 'connect', 'nobody listens; the socket met itself')
  } catch (error) {
    throw toNetworkFailure(error, 'connect')
  } finally {
    socket?.destroy()
    deadline.clear()
  }
}

/**
 * True where a socket is connected to itself: on loopback the kernel may choose as the source port the very port that
 * is asked for, and TCP's simultaneous open then succeeds although nobody listens.
 */
export function isSelfConnected(socket: Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress
}
