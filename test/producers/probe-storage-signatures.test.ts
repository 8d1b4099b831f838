import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { estateProblems } from '../../producers/estate-problems.ts'
import { probeStorageSignatures } from '../../producers/probes/storage-signatures.ts'
import { Estate } from '../../schemas/estate.ts'
import { storageSignaturesUnmet } from '../../schemas/expectations/storage-signatures.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Source = FactsOf<'storage-signatures'>['sources'][number]
const KERNEL: Source = { source: 'kernel', lines: 800, found: [] }
const DB: Source = { source: 'container shop-db', lines: 12, found: [] }
const check = makeCheck('storage-signatures', { host: 'h1', containers: ['shop-db'] })
const unmet = (...sources: Source[]) => storageSignaturesUnmet(check, { sources }, AT)

describe('storage-signatures expectation', () => {
  it('is met by sources that were searched and hold nothing', () => {
    expect(unmet(KERNEL, DB)).toEqual([])
    expect(unmet(KERNEL, { ...DB, found: [{ signature: 'bad_message', lines: 0 }] })).toEqual([])
  })

  it.each<[string, Source[], string[]]>([
    ['a signature', [KERNEL, { ...DB, found: [{ signature: 'needs_cleaning', lines: 3 }] }], ['needs_cleaning in container shop-db, 3 lines']],
    ['a source that could not be read', [KERNEL, { ...DB, lines: null }], ['not observed: container shop-db']],
    ['a silent source', [{ ...KERNEL, lines: 0 }, DB], ['nothing to search in kernel']],
    ['a source nobody searched', [KERNEL], ['not observed: container shop-db']],
    ['nothing', [], ['not observed: kernel', 'not observed: container shop-db']],
  ])('is not met by %s', (_what, sources, reasons) => {
    expect(unmet(...sources)).toEqual(reasons)
  })
})

describe('storage-signatures probe in real files', () => {
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-storage-'))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const look = async (content: string | Buffer | null) => {
    const path = join(dir, 'server.log')
    rmSync(path, { force: true })
    if (content !== null) writeFileSync(path, content)
    const { facts, met } = await probeStorageSignatures(makeCheck('storage-signatures', { kernel: false, files: [path] }), makeContext())
    return { met, ...facts.sources[0] }
  }

  it.each([
    ['bad_message', 'EXT4-fs error: read failed: Bad message'],
    ['needs_cleaning', "ls: reading directory '.': Structure needs cleaning"],
    ['unknown_codec', 'DB::Exception: Unknown codec family code: 0'],
    ['no_valid_checkpoint', '2026-06-12 PANIC:  could not locate a valid checkpoint record'],
    ['malformed_checkpoint_line', 'java.io.IOException: Malformed line in checkpoint file'],
    ['broken_part', 'part 2026_1_1_0 is broken and needs manual correction'],
  ] as const)('finds %s', async (signature, text) => {
    expect(await look(`fine\n${text} token=s3cret\n${text}\nfine\n`)).toMatchObject({ met: false, lines: 4, found: [{ signature, lines: 2 }] })
  })

  it('finds several in one line, and one in a line that is no text', async () => {
    expect((await look('Bad message, Structure needs cleaning\n')).found).toHaveLength(2)
    expect(await look(Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), Buffer.from('Bad message\n')]))).toMatchObject({ found: [{ signature: 'bad_message' }] })
    expect(await look(`${'x'.repeat(2_000_000)}\nBad message`)).toMatchObject({ met: false, found: [{ signature: 'bad_message' }] })
  })

  it('is met by a healthy log only', async () => {
    expect(await look('a good message\nchecksum\n')).toMatchObject({ met: true, lines: 2, found: [] })
    expect(await look('')).toMatchObject({ met: false, lines: 0 })
    expect(await look('\n \n')).toMatchObject({ met: false, lines: 0 })
    expect(await look(null)).toMatchObject({ met: false, lines: null })
  })
})

describe('storage-signatures probe over ssh, with stand-ins for journalctl and docker', () => {
  let host: StandInHost
  beforeAll(async () => {
    host = await startStandInHost()
  })
  afterAll(() => host.stop())
  const look = (timeoutMs = 8000) => probeStorageSignatures(check, makeContext({ transport: host.transport, timeoutMs }))
  const put = (journalctl: string, docker: string) => {
    host.put('journalctl', journalctl)
    host.put('docker', docker)
  }

  it('searches what containers write to stdout and to stderr, and keeps no line', async () => {
    put(says('EXT4-fs (vda): mounted'), says('ready token=s3cret', 0, 'PANIC: could not locate a valid checkpoint record\nbye'))
    const { facts, met } = await look()
    expect(FACTS['storage-signatures'].parse(facts)).toEqual(facts)
    expect(facts.sources).toEqual([
      { source: 'kernel', lines: 1, found: [] },
      { source: 'container shop-db', lines: 3, found: [{ signature: 'no_valid_checkpoint', lines: 1 }] },
    ])
    expect([met, JSON.stringify(facts).includes('s3cret')]).toEqual([false, false])
  })

  it.each([
    ['file_system_error', 'EXT4-fs error (device sda2): ext4_find_entry:1455: inode #2: comm ls: reading directory lblock 0'],
    ['file_system_error', 'EXT4-fs (sda2): Remounting filesystem read-only'],
    ['file_system_error', 'EXT4-fs (sda2): error count since last fsck: 3'],
    ['file_system_error', 'XFS (dm-1): Corruption of in-memory data detected.  Shutting down filesystem'],
    ['file_system_error', 'BTRFS critical (device sdb): corrupt leaf'],
    ['file_system_error', 'Aborting journal on device sda2-8.'],
    ['device_error', 'blk_update_request: I/O error, dev sda, sector 12345 op 0x0:(READ) flags 0x0'],
    ['device_error', 'Buffer I/O error on dev nvme0n1p2, logical block 3, lost async page write'],
    ['device_error', 'sd 0:0:0:0: [sda] tag#3 Add. Sense: Unrecovered read error - auto reallocate failed'],
    ['device_error', 'critical medium error, dev sdb, sector 99 op 0x0:(READ)'],
  ])('finds %s in the words of the kernel, and in no log of a program', async (signature, text) => {
    put(says(`fine\n${text}`), says(text))
    const { facts, met } = await look()
    expect([met, facts.sources.map((one) => one.found)]).toEqual([false, [[{ signature, lines: 1 }], []]])
  })

  it.each([
    'EXT4-fs (sda2): mounted filesystem with ordered data mode. Opts: errors=remount-ro',
    'blk_update_request: I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0',
    'Buffer I/O error on dev sr0, logical block 0, async page read',
    'BTRFS info (device sdb): has skinny extents',
    'XFS (sda1): Ending clean mount',
    'nvme nvme0: 4/0/0 default/read/poll queues',
  ])('does not mind %s', async (text) => {
    put(says(text), says('fine'))
    expect((await look()).met).toBe(true)
  })

  it('asks for the declared hours of the declared container', async () => {
    put(says('x'), `[ "$*" = 'logs --since 24h -- shop-db' ] && echo fine && exit 0\nexit 9\n`)
    expect((await look()).met).toBe(true)
  })

  it.each([
    ['no journal', says('', 1, 'No journal files were found.'), says('fine')],
    ['a journal that may not be read', says('', 0, 'No journal files were opened due to insufficient permissions.'), says('fine')],
    ['no journalctl', 'exit 127\n', says('fine')],
    ['no container', says('fine'), says('', 1, 'Error response from daemon: No such container: shop-db')],
    ['no engine', says('fine'), says('', 1, 'Cannot connect to the Docker daemon')],
    ['logs that end in an error', says('fine'), says('fine', 1)],
    ['a forbidden command', says('fine'), 'exit 126\n'],
    ['a silent container', says('fine'), says('')],
  ])('is not met with %s', async (_what, journalctl, docker) => {
    put(journalctl, docker)
    expect((await look()).met).toBe(false)
  })

  it('fails on a flood, on either stream, and on a program that hangs', async () => {
    put(says('fine'), 'yes Bad message | head -c 34000000 >&2\n')
    expect(await failureOf(look(30_000))).toBe('parse read: more than 33554432 bytes')
    put(says('fine'), 'exec sleep 30\n')
    expect(await failureOf(look(700))).toMatch(/^timeout exec: /u)
  })
})

it('needs a source in the estate', () => {
  const problems = (settings: object) => {
    const one = { id: 'one', gate: 'G', kind: 'storage-signatures', ...settings }
    return estateProblems(Estate.parse({ estate: 'e', version: '1', policy: 'sop@1.78', gates: [{ id: 'G' }], checks: [one] }), { allowRecordedKinds: false })
  }
  expect(problems({ kernel: false }).map((one) => one.message)).toEqual(['needs `kernel`, `containers` or `files`'])
  expect(problems({ kernel: false, files: ['/l'] })).toEqual([])
  expect(problems({})).toEqual([])
})
