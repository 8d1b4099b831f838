import type { Client } from 'ssh2'
import type { Deadline } from './deadline.ts'

type Connection = { client: Client; busy: number; retired: boolean }

/** One SSH connection for many calls: opened by the first, shared by those that come meanwhile, renewed when it died. */
export type SharedConnection = {
  /** Runs `work` on the connection; `retire` gives it up for later calls and ends it when its last call is done. */
  use: <T>(deadline: Deadline, work: (client: Client, retire: () => void) => Promise<T>) => Promise<T>
  /** Ends it with everything that runs on it. */
  end: () => Promise<void>
}

/** A failed connect fails the calls that waited for it and is not remembered: the next call tries anew. */
export function createSharedConnection(connect: () => Promise<Client>): SharedConnection {
  let current: Promise<Connection> | null = null
  const share = (): Promise<Connection> => {
    if (current !== null) return current
    const opening = connect().then((client): Connection => ({ client, busy: 0, retired: false }))
    const forget = (): void => {
      if (current === opening) current = null
    }
    opening.then(({ client }) => client.once('end', forget).once('close', forget), forget)
    current = opening
    return opening
  }
  return {
    use: async (deadline, work) => {
      const opening = share()
      const connection = await deadline.race(opening, 'connect')
      connection.busy++
      try {
        return await work(connection.client, () => {
          connection.retired = true
          if (current === opening) current = null
        })
      } finally {
        connection.busy--
        if (connection.retired && connection.busy === 0) connection.client.destroy()
      }
    },
    end: async () => {
      const connection = await current?.catch(() => null)
      connection?.client.destroy()
    },
  }
}
