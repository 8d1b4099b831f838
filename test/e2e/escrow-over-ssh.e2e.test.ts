import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newFolder, runEvidence } from '../cli/run-program.ts'
import { type SshServer, startSshd } from '../support/sshd.ts'

/** `escrow status` takes the way a round takes: here a real sshd. */
let server: SshServer
const folder = newFolder()
const markers = path.join(folder, 'remote-markers')

beforeAll(async () => {
  server = await startSshd()
  mkdirSync(markers)
  writeFileSync(path.join(folder, 'known_hosts'), server.knownHosts)
  const marker = { item: 'dns_registrar_recovery', evidence_id: 'SEALED-7F-021', marked_at: new Date().toISOString() }
  writeFileSync(path.join(markers, 'dns_registrar_recovery.json'), JSON.stringify(marker))
  writeFileSync(path.join(markers, 'restic_repository_password.json'), JSON.stringify({ ...marker, item: 'restic_repository_password', evidence_id: 'TODO' }))
  expect(runEvidence(folder, ['emit']).code).toBe(0)
})
afterAll(() => server.stop())

function writeEstate(port: number): void {
  writeFileSync(
    path.join(folder, 'estate.yaml'),
    `estate: over-ssh
version: "1"
policy: sop@1.78
known_hosts: known_hosts
hosts:
  - {id: vault, address: ${server.host}, transport: ssh, ssh: {user: ${server.user}, port: ${port}, key_file: ${server.keyFile}}}
  - {id: elsewhere, address: 192.0.2.1, transport: ssh, ssh: {user: nobody, key_file: no-such-key}}
gates: [{id: P0-VAULT}]
checks:
  - {id: markers, gate: P0-VAULT, kind: escrow, host: vault, path: ${markers}, timeout_ms: 15000}
sections:
  escrow: {items: [dns_registrar_recovery, restic_repository_password], inventory: [markers]}
`,
  )
}

const status = () => runEvidence(folder, ['escrow', 'status', '--estate', 'estate.yaml'], { env: { SSH_AUTH_SOCK: '' } })

test('markers of another machine', () => {
  writeEstate(server.port)
  expect(status()).toEqual({
    code: 1,
    stderr: '',
    stdout:
      'LOOK markers read\nWARN dns_registrar_recovery marker=present review=none\nBLOCKED restic_repository_password marker=placeholder review=none\nSUMMARY PASS=0 WARN=1 BLOCKED=1\nESCROW_MISSING_COUNT=2\n',
  })
})

test('a machine that does not answer: nobody looked, everything is missing', () => {
  writeEstate(1)
  expect(status()).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^LOOK markers failed_\w+\nBLOCKED dns_registrar_recovery marker=not_observed review=none\n/),
  })
})
