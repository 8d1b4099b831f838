import type { Estate, Host } from '../schemas/estate.ts'
import type { Transport } from './transport.ts'

/** Opens the way to a machine of the estate, or to this machine for null. Must not connect yet: the first call does. */
export type OpenTransport = (host: Host | null, signal: AbortSignal) => Transport

export type HostTransports = { of: (hostId: string | undefined) => Transport; closeAll: () => Promise<void> }

/** One transport a host, made when the first check needs it, and all of them closed at the end. */
export function createHostTransports(estate: Estate, open: OpenTransport, signal: AbortSignal): HostTransports {
  const opened = new Map<string | undefined, Transport>()
  return {
    of: (hostId) => {
      const host = estate.hosts.find((one) => one.id === hostId) ?? null
      const transport = opened.get(host?.id) ?? open(host, signal)
      opened.set(host?.id, transport)
      return transport
    },
    // A connection that cannot be closed is lost with the process; it must not hide what the round has to say.
    closeAll: async () => {
      await Promise.allSettled([...opened.values()].map((transport) => transport.close()))
    },
  }
}
