/**
 * The one form of tar that audit bundles have: POSIX ustar, regular files in one folder, the folder in the prefix field,
 * owner 0, mode 0644, one time for all, two zero blocks at the end and nothing after them. Written and read here and not
 * by a library, so that a bundle of today has the same bytes in ten years, and so that the reader knows nothing that a
 * bundle never holds: links, devices, sparse files, extended headers, long names, compression.
 */

export type TarFile = { readonly path: string; readonly bytes: Uint8Array }

const BLOCK = 512
/** More than any round comes to (64 MiB); the whole archive is held in memory, and what it is made of beside it. */
export const MAX_TAR_BYTES = 67_108_864
const MAX_FILES = 64

/** Bytes of an archive of `files` under `folder`, in the order given. `mtime`: whole seconds since 1970. */
export function writeTar(folder: string, files: readonly TarFile[], mtime: number): Uint8Array {
  const parts = files.flatMap(({ path, bytes }) => [headerBlock(folder, path, bytes.length, mtime), bytes, new Uint8Array(paddingOf(bytes.length))])
  return Buffer.concat([...parts, new Uint8Array(2 * BLOCK)])
}

function headerBlock(folder: string, path: string, size: number, mtime: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  const put = (text: string, offset: number, max: number): void => {
    if (Buffer.byteLength(text) > max) throw new RangeError('a field of the archive is too long')
    block.write(text, offset, 'latin1')
  }
  put(path, 0, 100)
  put('0000644\0', 100, 8)
  put('0000000\0', 108, 8)
  put('0000000\0', 116, 8)
  put(`${size.toString(8).padStart(11, '0')}\0`, 124, 12)
  put(`${mtime.toString(8).padStart(11, '0')}\0`, 136, 12)
  put('        ', 148, 8)
  put('0', 156, 1)
  put('ustar\x0000', 257, 8)
  put(folder, 345, 155)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8)
  return block
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

/** Where an archive stops being one of ours: `offset` in bytes, `after` the files that were read before. */
export type TarProblem = { readonly offset: number; readonly reason: string }
export type TarReading = { readonly folder: string; readonly mtime: number; readonly files: readonly TarFile[]; readonly problem: TarProblem | null }

type Header = { folder: string; path: string; size: number; mtime: number }

/**
 * Reads an archive strictly: each header must be, byte for byte, the one `writeTar` makes for its name, size and time.
 * Nothing is believed before it was compared with what is there: a size beyond the end is a problem, not a wish for
 * memory. Never throws; files are views of `bytes`.
 */
export function readTar(bytes: Uint8Array): TarReading {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const files: TarFile[] = []
  let first: Header | null = null
  let offset = 0
  const end = (reason: string | null): TarReading => ({
    folder: first?.folder ?? '',
    mtime: first?.mtime ?? 0,
    files,
    problem: reason === null ? null : { offset, reason },
  })
  if (archive.length > MAX_TAR_BYTES) return end(`larger than ${MAX_TAR_BYTES} bytes`)
  for (;;) {
    const block = archive.subarray(offset, offset + BLOCK)
    if (block.length < BLOCK) return end('ends early')
    if (isZero(block)) return end(trailerProblem(archive.subarray(offset)))
    const header = readHeader(block)
    if (typeof header === 'string') return end(header)
    first ??= header
    const start = offset + BLOCK
    const problem = placeProblem(header, first, files) ?? (header.size > archive.length - start ? 'a file ends after the archive' : null)
    if (problem !== null) return end(problem)
    files.push({ path: header.path, bytes: archive.subarray(start, start + header.size) })
    const padding = archive.subarray(start + header.size, start + header.size + paddingOf(header.size))
    if (!isZero(padding)) {
      offset = start + header.size
      return end('padding is not zero')
    }
    offset = start + header.size + paddingOf(header.size)
  }
}

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

function readHeader(block: Buffer): Header | string {
  if (block.subarray(257, 265).toString('latin1') !== 'ustar\x0000') return 'not a ustar header'
  const type = block[156]
  if (type !== 0x30) return 'not a regular file'
  const [path, folder] = [fieldText(block, 0, 100), fieldText(block, 345, 155)]
  if (!path.split('/').every((part) => NAME.test(part)) || !NAME.test(folder)) return 'a name that no bundle has'
  const [size, mtime] = [octal(block, 124), octal(block, 136)]
  if (size === null || mtime === null) return 'a number that is none'
  return headerBlock(folder, path, size, mtime).equals(block) ? { folder, path, size, mtime } : 'a header that no bundle has (checksum, owner or mode)'
}

function placeProblem(header: Header, first: Header, files: readonly TarFile[]): string | null {
  if (header.folder !== first.folder) return 'a second folder'
  if (header.mtime !== first.mtime) return 'a time of its own'
  if (files.some((file) => file.path === header.path)) return 'a file comes twice'
  return files.length >= MAX_FILES ? 'too many files' : null
}

function trailerProblem(rest: Buffer): string | null {
  if (rest.length < 2 * BLOCK) return 'ends early'
  if (rest.length > 2 * BLOCK) return 'something follows the end'
  return isZero(rest) ? null : 'the end is not zero'
}

function fieldText(block: Buffer, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length)
  const zero = field.indexOf(0)
  return field.subarray(0, zero === -1 ? length : zero).toString('latin1')
}

function octal(block: Buffer, offset: number): number | null {
  const text = block.toString('latin1', offset, offset + 12)
  return /^[0-7]{11}\0$/.test(text) ? Number.parseInt(text.slice(0, 11), 8) : null
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}
