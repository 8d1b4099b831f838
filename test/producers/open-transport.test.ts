import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { buildOpenTransport } from '../../producers/open-transport.ts'
import { Estate } from '../../schemas/estate.ts'
import { freePort } from '../support/http-server.ts'
import { failureOf } from '../support/probe-context.ts'

const HOSTS = [{ id: 'me' }, { id: 'far', transport: 'ssh', address: '127.0.0.1', ssh: { user: 'probe', key_file: 'keys/id' } }]
const estateOf = (rest: Record<string, unknown>): Estate =>
  Estate.parse({ estate: 't', version: '1', policy: 'sop@1.78', gates: [{ id: 'G' }], checks: [{ id: 'a', gate: 'G', kind: 'host' }], ...rest })
const options = { timeoutMs: 2000, maxBytes: 100, signal: new AbortController().signal }

test('this machine starts at the folder of the estate', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'open-'))
  await writeFile(path.join(dir, 'x.txt'), 'hello')
  const open = await buildOpenTransport(estateOf({ hosts: [{ id: 'me' }] }), dir, undefined)
  expect((await open(null, options.signal).readFile('x.txt', options)).toString()).toBe('hello')
})

test('known_hosts must be there and readable before the round starts', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'open-'))
  const estate = estateOf({ hosts: HOSTS, known_hosts: 'known_hosts' })
  await expect(buildOpenTransport(estate, dir, undefined)).rejects.toMatchObject({ code: 'file_unreadable', message: expect.stringContaining('ENOENT') })
  await writeFile(path.join(dir, 'known_hosts'), 'nonsense\n')
  await expect(buildOpenTransport(estate, dir, undefined)).rejects.toMatchObject({ code: 'estate_invalid' })
})

test('a key file starts at the folder of the estate; nothing connects before the first call', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'open-'))
  await writeFile(path.join(dir, 'known_hosts'), '')
  const port = await freePort()
  const estate = estateOf({ hosts: [{ ...HOSTS[1], ssh: { user: 'probe', port, key_file: 'keys/id' } }], known_hosts: 'known_hosts' })
  const open = await buildOpenTransport(estate, dir, undefined)
  const transport = open(estate.hosts[0] ?? null, options.signal)
  expect(await failureOf(transport.run(['true'], options))).toBe('auth auth private key file cannot be read: ENOENT')
  await transport.close()
})
