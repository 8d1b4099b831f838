import { spawn } from 'node:child_process'
import { userInfo } from 'node:os'
import ssh2, { type Connection, type ServerChannel } from 'ssh2'

/** What the fake does with a command. `shell` runs it; the others are the faults. */
export type Fault = 'shell' | 'drop' | 'no_status' | 'signal' | 'hang' | 'refuse_exec' | 'no_answer'

export type Ssh2Server = {
  host: string
  port: number
  user: string
  hostKeys: string[]
  knownHosts: string
  isReal: false
  /** Connections so far, and those that passed authentication. */
  counts: { connections: number; authenticated: number; openChannels: number; mostChannels: number }
  setFault: (fault: Fault) => void
  dropAll: () => void
  stop: () => Promise<void>
}

/** ssh2 now and then generates a key that it cannot read itself. */
function usableHostKey(): { private: string; public: string } {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519')
    if (!(ssh2.utils.parseKey(key.private) instanceof Error) && !(ssh2.utils.parseKey(key.public) instanceof Error)) return key
  }
}

/** ssh2's own server on a free loopback port: stands in for sshd, and fails in the ways a real one cannot be made to. */
export async function startSsh2Server(options: { authorizedKey: string; fault?: Fault }): Promise<Ssh2Server> {
  const hostKey = usableHostKey()
  const counts = { connections: 0, authenticated: 0, openChannels: 0, mostChannels: 0 }
  const connections = new Set<Connection>()
  let fault: Fault = options.fault ?? 'shell'
  const server = new ssh2.Server({ hostKeys: [hostKey.private] }, (connection) => {
    counts.connections++
    connections.add(connection)
    connection.on('close', () => connections.delete(connection))
    connection.on('error', () => {})
    acceptKey(connection, options.authorizedKey, () => counts.authenticated++)
    connection.on('session', (accept) => {
      counts.mostChannels = Math.max(counts.mostChannels, ++counts.openChannels)
      const session = accept()
      session.on('close', () => counts.openChannels--)
      session.on('env', (acceptEnv) => acceptEnv?.())
      session.on('exec', (acceptExec, reject, info) => {
        if (fault === 'refuse_exec') reject()
        else if (fault !== 'no_answer') answer(fault, acceptExec(), connection, info.command)
      })
    })
  })
  const port = await listen(server)
  const publicKey = hostKey.public.trim().split(' ').slice(0, 2).join(' ')
  const dropAll = (): void => {
    for (const connection of connections) socketOf(connection).destroy()
  }
  return {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    hostKeys: [publicKey],
    knownHosts: `[127.0.0.1]:${port} ${publicKey}\n`,
    isReal: false,
    counts,
    setFault: (next) => {
      fault = next
    },
    dropAll,
    stop: async () => {
      dropAll()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function acceptKey(connection: Connection, authorizedKey: string, onAccepted: () => void): void {
  const allowed = ssh2.utils.parseKey(authorizedKey)
  connection.on('authentication', (context) => {
    if (allowed instanceof Error || context.method !== 'publickey' || !context.key.data.equals(allowed.getPublicSSH())) return context.reject(['publickey'])
    if (context.signature && context.blob && allowed.verify(context.blob, context.signature, context.hashAlgo) !== true) return context.reject()
    if (context.signature) onAccepted()
    context.accept()
  })
}

function answer(fault: Exclude<Fault, 'refuse_exec' | 'no_answer'>, channel: ServerChannel, connection: Connection, command: string): void {
  channel.on('error', () => {})
  switch (fault) {
    case 'shell':
      runShell(channel, command)
      return
    case 'drop':
      channel.write('GREEN\n', () => socketOf(connection).destroy())
      return
    case 'no_status':
      channel.write('GREEN\n')
      channel.close()
      return
    case 'signal':
      channel.write('GREEN\n')
      channel.exit('KILL', false, '')
      channel.close()
      return
    case 'hang':
      channel.write('GREEN\n')
  }
}

function runShell(channel: ServerChannel, command: string): void {
  const child = spawn('sh', ['-c', `exec ${command}`], { detached: true })
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
  child.stdout.pipe(channel, { end: false })
  child.stderr.pipe(channel.stderr, { end: false })
  // Read to its end, or the channel never closes on this side.
  channel.resume()
  channel.on('close', kill)
  child.on('close', (code, signal) => {
    if (code === null) channel.exit((signal ?? 'KILL').replace('SIG', ''), false, '')
    else channel.exit(code)
    channel.close()
  })
}

/** ssh2 keeps the socket to itself; a fault fake needs it to cut the line without a goodbye. */
function socketOf(connection: Connection): { destroy: () => void } {
  return (connection as unknown as { _sock: { destroy: () => void } })._sock
}

async function listen(server: InstanceType<typeof ssh2.Server>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address: unknown = server.address()
  if (typeof address !== 'object' || address === null || !('port' in address)) throw new Error('no port')
  return Number(address.port)
}
