import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type LoadedEstate, loadEstate } from '../producers/estate-file.ts'
import type { SshServer } from '../test/support/sshd.ts'
import type { RoundGround } from './round-work.ts'

type GateOfBench = { id: string; after: string[]; host: string; slowMs: number }

/** A chain with side arms, as in the estates of the examples. `slowMs`: what its slowest server and command take. */
const GATES: readonly GateOfBench[] = [
  { id: 'P0-NETWORK', after: [], host: 'one', slowMs: 40 },
  { id: 'P0-DATA', after: ['P0-NETWORK'], host: 'one', slowMs: 150 },
  { id: 'P0-REGISTRY', after: ['P0-NETWORK'], host: 'two', slowMs: 100 },
  { id: 'P1-K3S', after: ['P0-DATA', 'P0-REGISTRY'], host: 'three', slowMs: 200 },
  { id: 'P2-WORKLOAD', after: ['P1-K3S'], host: 'three', slowMs: 80 },
  { id: 'P2-ROUTES', after: ['P0-NETWORK'], host: 'two', slowMs: 300 },
  { id: 'P2-SCHEDULES', after: ['P0-DATA'], host: 'one', slowMs: 120 },
]
const HOSTS = ['one', 'two', 'three']

/** The estate of the bench over this machine, or with each of its three hosts behind an SSH server of its own connection. */
export async function chainEstate(ground: RoundGround, sshd: SshServer | null): Promise<LoadedEstate> {
  const file = join(ground.folder, sshd === null ? 'chain.json' : 'chain-ssh.json')
  if (sshd !== null) {
    writeFileSync(join(ground.folder, 'known_hosts'), sshd.knownHosts)
    copyFileSync(sshd.keyFile, join(ground.folder, 'user_key'))
  }
  const estate = {
    estate: 'bench',
    version: '1',
    policy: 'sop@1.78',
    ...(sshd === null ? {} : { known_hosts: 'known_hosts' }),
    hosts: HOSTS.map((id) =>
      sshd === null ? { id } : { id, address: sshd.host, transport: 'ssh', ssh: { user: sshd.user, port: sshd.port, key_file: 'user_key' } },
    ),
    commands: [
      { id: 'version', argv: ['cat', ground.file.path] },
      ...GATES.map(({ slowMs }) => ({ id: `slow-${slowMs}`, argv: ['sleep', String(slowMs / 1000)] })),
    ],
    gates: GATES.map(({ id, after }) => ({ id, depends_on: after })),
    checks: GATES.flatMap((gate) => checksOf(gate, ground)),
  }
  writeFileSync(file, JSON.stringify(estate))
  return await loadEstate(file)
}

/** Eleven checks a gate: six from here, five on its host. */
function checksOf({ id: gate, host, slowMs }: GateOfBench, { ports, file, metrics, caFile }: RoundGround): unknown[] {
  const http = `http://127.0.0.1:${ports.http}`
  const checks = [
    { kind: 'tcp', address: '127.0.0.1', port: ports.tcp },
    { kind: 'tcp', address: '127.0.0.1', port: ports.http },
    { kind: 'http', url: `${http}/`, expect: '200', body: { contains: 'ok' } },
    { kind: 'http', url: `${http}/after/${slowMs}` },
    { kind: 'http', url: `https://127.0.0.1:${ports.https}/`, ca_file: caFile },
    { kind: 'tls', address: '127.0.0.1', port: ports.https, ca_file: caFile },
    { kind: 'file', host, path: file.path, sha256: file.sha256 },
    { kind: 'textfile', host, path: metrics, metrics: [{ name: 'bench_up', condition: '== 1' }] },
    { kind: 'command', host, command: 'version', equals: file.line },
    { kind: 'command', host, command: `slow-${slowMs}` },
    { kind: 'host', host, systemd: 'ignore', severity: 'warn' },
  ]
  return checks.map((check, n) => ({ id: `${gate.toLowerCase()}-${n}`, gate, ...check }))
}
