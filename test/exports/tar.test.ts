import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fc from 'fast-check'
import { extract, pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { MAX_TAR_BYTES, readTar, type TarFile, writeTar } from '../../api/exports/tar.ts'
import { bundleOf, foundIn, goldenTexts } from './bundle-fixtures.ts'

const MTIME = 1_782_532_246
const FILES: readonly TarFile[] = [
  { path: 'manifest.json', bytes: Buffer.from('{}') },
  { path: 'guards/a.txt', bytes: Buffer.alloc(512, 'x') },
  { path: 'empty', bytes: new Uint8Array() },
]
const ARCHIVE = writeTar('round-1', FILES, MTIME)
const anArchive = fc.array(fc.tuple(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,40}$/), fc.uint8Array({ maxLength: 1500 })), { maxLength: 8 })

/** A header of ours with a field written over and the checksum made to fit, as somebody with a hex editor would. */
function edited(offset: number, field: string, source: Uint8Array = ARCHIVE, block = 0): Buffer {
  const copy = Buffer.from(source)
  const header = copy.subarray(block, block + 512)
  header.write(field, offset, 'latin1')
  header.write('        ', 148, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return copy
}

describe('an archive', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(anArchive, (list) => {
        const files = [...new Map(list)].map(([path, bytes]) => ({ path, bytes }))
        const reading = readTar(writeTar('round-1', files, MTIME))
        expect([reading.problem, reading.files.map((file) => [file.path, [...file.bytes]])]).toEqual([null, files.map((file) => [file.path, [...file.bytes]])])
      }),
    )
  })

  it('is one for tar itself, and for another library', async () => {
    const listed = spawnSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--file', '-'], { input: ARCHIVE, encoding: 'utf8' })
    expect([listed.status, listed.stderr]).toEqual([0, ''])
    expect(listed.stdout.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^-rw-r--r-- 0\/0 +2 2026-06-27 03:50 round-1\/manifest\.json$/),
      expect.stringMatching(/^-rw-r--r-- 0\/0 +512 .* round-1\/guards\/a\.txt$/),
      expect.stringMatching(/^-rw-r--r-- 0\/0 +0 .* round-1\/empty$/),
    ])
    const names: string[] = []
    const reader = extract()
    reader.on('entry', (header, stream, next) => {
      names.push(`${header.name} ${header.size} ${header.mode?.toString(8)}`)
      stream.on('end', next).resume()
    })
    reader.end(Buffer.from(ARCHIVE))
    await once(reader, 'finish')
    expect(names).toEqual(['round-1/manifest.json 2 644', 'round-1/guards/a.txt 512 644', 'round-1/empty 0 644'])
  })

  it.each<[string, Buffer, string]>([
    ['a symbolic link', edited(156, '2'), 'not a regular file'],
    ['a hard link', edited(156, '1'), 'not a regular file'],
    ['a folder', edited(156, '5'), 'not a regular file'],
    ['a device', edited(156, '3'), 'not a regular file'],
    ['an extended header', edited(156, 'x'), 'not a regular file'],
    ['a GNU long name', edited(156, 'L'), 'not a regular file'],
    ['a link target', edited(157, '/etc/passwd'), 'a header that no bundle has (checksum, owner or mode)'],
    ['a path that climbs', edited(0, '../../etc/passwd'), 'a name that no bundle has'],
    ['a path from the root', edited(0, '/etc/passwd\0'), 'a name that no bundle has'],
    ['a folder that climbs', edited(345, '..\0'), 'a name that no bundle has'],
    ['a name with a line end', edited(0, 'a\nb.json\0'), 'a name that no bundle has'],
    ['another owner', edited(108, '0001750'), 'a header that no bundle has (checksum, owner or mode)'],
    ['a set-uid mode', edited(100, '0004755'), 'a header that no bundle has (checksum, owner or mode)'],
    ['ten gigabytes', edited(124, '112402762000'), 'a number that is none'],
    ['eight gigabytes', edited(124, '77777777777'), 'a file ends after the archive'],
    ['a size in base 256', edited(124, '\x80\0\0\0\0\0\x02\x54\x0b\xe4\0\0'), 'a number that is none'],
    ['a negative size', edited(124, '-0000000001'), 'a number that is none'],
    ['hidden bytes behind the name', edited(20, 'hidden'), 'a header that no bundle has (checksum, owner or mode)'],
    ['the old magic', edited(257, 'ustar  \0'), 'not a ustar header'],
  ])('with %s ends there', (_name, bytes, reason) => {
    expect(readTar(bytes)).toMatchObject({ files: [], problem: { offset: 0, reason } })
  })

  it('with a second folder or a second time ends there', () => {
    const second = edited(345, 'round-2', ARCHIVE, 1024)
    const later = edited(136, '15204737527', ARCHIVE, 1024)
    expect([readTar(second).problem, readTar(later).problem]).toEqual([
      { offset: 1024, reason: 'a second folder' },
      { offset: 1024, reason: 'a time of its own' },
    ])
  })

  it('of many files, or larger than the limit, is not read', () => {
    const many = Array.from({ length: 65 }, (_, n) => ({ path: `f${n}`, bytes: new Uint8Array() }))
    expect(readTar(writeTar('round-1', many, MTIME)).problem?.reason).toBe('too many files')
    expect(readTar(new Uint8Array(MAX_TAR_BYTES + 1)).problem?.reason).toBe(`larger than ${MAX_TAR_BYTES} bytes`)
  })

  it('of any bytes at all makes it neither throw nor hang', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => readTar(bytes).files.length === 0))
  })
})

it('the same files written by another library are no bundle of ours', async () => {
  const bundle = bundleOf(goldenTexts('green'))
  const foreign = pack()
  for (const { path, bytes } of bundle.files) foreign.entry({ name: `${bundle.manifest.artifact_id}/${path}`, mtime: new Date(0) }, Buffer.from(bytes))
  foreign.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of foreign) chunks.push(chunk as Uint8Array)
  expect(foundIn(Buffer.concat(chunks))).toBe('junk')
})
