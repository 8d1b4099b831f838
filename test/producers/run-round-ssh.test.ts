import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildOpenTransport } from '../../producers/open-transport.ts'
import { PROBES } from '../../producers/probes.ts'
import { Estate } from '../../schemas/estate.ts'
import { eventsIn, testRound } from '../support/run-test-round.ts'
import { startSshd } from '../support/sshd.ts'

test('a round over SSH: one host answers, one has another key, one is gone', async () => {
  const good = await startSshd()
  const changed = await startSshd()
  onTestFinished(() => good.stop())
  onTestFinished(() => changed.stop())
  const dir = await mkdtemp(path.join(tmpdir(), 'ssh-round-'))
  // The second server is known by the keys of the first, as after a reinstallation, or with a machine in between.
  await writeFile(path.join(dir, 'known_hosts'), good.knownHosts + good.knownHosts.replaceAll(`:${good.port} `, `:${changed.port} `))
  const host = (id: string, server: typeof good, port = server.port) => ({
    id,
    transport: 'ssh',
    address: server.host,
    ssh: { user: server.user, port, key_file: server.keyFile },
  })
  const check = (id: string, on: string) => ({ id, gate: 'G', kind: 'command', host: on, command: 'hello', equals: 'hello' })
  const estate = Estate.parse({
    estate: 'ssh',
    version: '1',
    policy: 'sop@1.78',
    known_hosts: 'known_hosts',
    hosts: [host('good', good), host('changed', changed), host('unknown', good, 1)],
    commands: [{ id: 'hello', argv: ['echo', 'hello'] }],
    gates: [{ id: 'G' }],
    checks: [...Array.from({ length: 6 }, (_, n) => check(`good-${n}`, 'good')), check('changed', 'changed'), check('unknown', 'unknown')],
  })
  const round = testRound(estate, { baseDir: dir, probes: PROBES, openTransport: await buildOpenTransport(estate, dir, undefined) })
  expect((await round.run()).counts).toEqual({ met: 6, unmet: 0, failed: 2, not_evaluated: 0 })
  const failures = (await eventsIn(round.input.ledger)).flatMap((event) =>
    event.type === 'evidence.check.failed.v1' ? [[event.checkid, event.data.reason, event.data.host]] : [],
  )
  expect(failures.sort()).toEqual([
    ['changed', 'host_key', 'changed'],
    ['unknown', 'refused', 'unknown'],
  ])
})
