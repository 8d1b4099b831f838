import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProved, verificationText, whyNotProved } from '../../api/exports/bundle-verification.ts'
import { readTar, writeTar } from '../../api/exports/tar.ts'
import { verifyBundle } from '../../api/exports/verify-bundle.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import { SNOWMAN } from '../support/history-data.ts'
import { makeEvent, makeGuardEvaluated, makeOpened, makeRound, makeSealed } from '../support/make-events.ts'
import { bundleOf, foundIn, goldenTexts, toText, verifyOrJunk } from './bundle-fixtures.ts'

const green = bundleOf(goldenTexts('green'))
const small = bundleOf(makeRound('small-1', 1).map(toText))
const FAILED = { target: 't', host: null, reason: 'timeout', stage: 'connect', attempts: [] }
const MTIME = Math.floor(Date.parse(green.snapshot.sealed_at ?? '') / 1000)

/** The bundle with one file changed and the archive around it made anew, so that only the content is wrong. */
function withFile(path: string, change: (text: string) => string): Uint8Array {
  const files = green.files.map((file) => (file.path === path ? { path, bytes: Buffer.from(change(Buffer.from(file.bytes).toString('utf8'))) } : file))
  return writeTar(green.manifest.artifact_id, files, MTIME)
}

/** As `withFile`, and the digests of manifest and SHA256SUMS made to fit: only replay can find it. */
function withFileAndDigests(path: string, change: (text: string) => string): Uint8Array {
  const changed = readTar(withFile(path, change)).files
  const sumOf = (name: string): string => sha256Digest(changed.find((file) => file.path === name)?.bytes ?? '').slice(7)
  const manifest = Buffer.from(
    `${JSON.stringify({ ...green.manifest, files: green.manifest.files.map((one) => (one.path === path ? { ...one, sha256: sumOf(path), bytes: changed.find((file) => file.path === path)?.bytes.length } : one)) }, null, 2)}\n`,
  )
  const files = changed.map((file) => (file.path === 'manifest.json' ? { ...file, bytes: manifest } : file)).slice(0, -1)
  const sums = files.map((file) => `${sha256Digest(file.bytes).slice(7)}  ${file.path}\n`).join('')
  return writeTar(green.manifest.artifact_id, [...files, { path: 'SHA256SUMS', bytes: Buffer.from(sums) }], MTIME)
}

function flipped(bytes: Uint8Array, offset: number, bit: number): Uint8Array {
  const copy = Buffer.from(bytes)
  copy[offset] = (copy[offset] as number) ^ (1 << bit)
  return copy
}

describe('a bundle as it was made', () => {
  it.each(['green', 'blocked', 'recorded'] as const)('of the %s round is equal, with the facts that replay gave', (name) => {
    const bundle = bundleOf(goldenTexts(name))
    const result = verifyBundle(bundle.bytes)
    // The golden rounds that were observed rest on a review that is not in them.
    expect([result.status, result.first_difference, whyNotProved(result)]).toEqual(['equal', null, name === 'recorded' ? null : 'review_missing'])
    expect(result.facts).toMatchObject({ evidence_root: bundle.snapshot.evidence.root, overall: bundle.snapshot.summary.OVERALL_DECLARATION })
    expect(result.steps.every((one) => one.status === 'equal')).toBe(true)
  })

  it('says in every result what it does not prove', () => {
    for (const bytes of [green.bytes, flipped(green.bytes, 9000, 0)]) expect(verificationText(verifyBundle(bytes)).match(/^NOT_PROVEN /gm)).toHaveLength(4)
  })

  it('under another policy is equal too, and is another bundle', () => {
    const older = bundleOf(goldenTexts('green'), { policy: 'sop@1.28' })
    expect([verifyBundle(older.bytes).facts?.policy_version, sha256Digest(older.bytes) === sha256Digest(green.bytes)]).toEqual(['1.28', false])
  })

  it('of a round with the longest id, and with words of any script, is equal', () => {
    const id = 'r'.repeat(100)
    const events = [makeOpened(id, 0, ['check-a']), makeEvent(id, 1, 'evidence.check.failed.v1', { ...FAILED, detail: SNOWMAN }, 'check-a')]
    const bundle = bundleOf([...events, makeSealed(id, 2, events)].map(toText))
    expect([foundIn(bundle.bytes), readTar(bundle.bytes).folder, bundle.snapshot.evidence.integrity]).toEqual(['equal', id, 'verified'])
    expect(Buffer.from(bundle.bytes).includes(JSON.stringify(SNOWMAN))).toBe(true)
  })

  it.each([
    ['unsealed', makeRound('small-1', 2).slice(0, -1)],
    ['mismatch', makeRound('small-1', 2).filter((_, index) => index !== 1)],
  ] as const)('of an %s round is equal and yet no yes', (integrity, events) => {
    const result = verifyBundle(bundleOf(events.map(toText)).bytes)
    expect([result.status, isProved(result), result.facts?.round_integrity, result.facts?.overall]).toEqual(['equal', false, integrity, 'BLOCKED'])
    expect(verificationText(result).split('\n')[0]).toBe(`EVIDENCE_BUNDLE_EQUAL_BUT_NOT_PROVED reason=round_${integrity}`)
    expect(verificationText(result)).not.toMatch(/GREEN/)
  })
})

it('a bundle of the first version is proved for ever: the file is never made anew', () => {
  const golden = readFileSync(join(import.meta.dirname, 'golden-bundle-v1.tar'))
  expect(sha256Digest(golden)).toBe('sha256:ec58884fe7eaadff653bf6b660eeee581a786d3eefda793f94d0c99fffd6d0d2')
  expect(foundIn(golden)).toBe('equal')
  const again = bundleOf([...makeRound('golden-bundle-1', 3), makeGuardEvaluated('golden-bundle-1', 9)].map(toText))
  expect(Buffer.from(again.bytes).equals(golden)).toBe(true)
})

describe('one changed byte', () => {
  // Every byte takes minutes: EVIDENCE_BUNDLE_EVERY_BYTE=1. Otherwise every sixteenth, beginning anywhere.
  const step = process.env.EVIDENCE_BUNDLE_EVERY_BYTE === '1' ? 1 : 16
  const first = Math.floor(Math.random() * step)
  it(`at ${step === 1 ? 'every offset' : `every ${step}th offset from ${first}`} of a small bundle is found`, { timeout: 400_000 }, () => {
    const missed: number[] = []
    for (let offset = first; offset < small.bytes.length; offset += step) if (foundIn(flipped(small.bytes, offset, offset % 8)) === 'equal') missed.push(offset)
    expect(missed).toEqual([])
  })

  it('at random offsets, in any way, is found', { timeout: 120_000 }, () => {
    const anOffset = fc.nat({ max: green.bytes.length - 1 })
    fc.assert(
      fc.property(anOffset, fc.integer({ min: 1, max: 255 }), (offset, mask) => {
        const copy = Buffer.from(green.bytes)
        copy[offset] = (copy[offset] as number) ^ mask
        expect(foundIn(copy)).not.toBe('equal')
      }),
      { numRuns: 400 },
    )
  })

  it('is shown where it is, without what it is', () => {
    const text = Buffer.from(green.bytes).toString('latin1')
    const inThirdEvent = text.indexOf('\n', text.indexOf('\n', text.indexOf('{"checkid"')) + 1) + 400
    expect(verifyOrJunk(flipped(green.bytes, inThirdEvent, 0))).toMatchObject({ first_difference: { step: 'digests', file: 'events.ndjson', place: 'line 4' } })
    const secret = withFile('summary.txt', (summary) => summary.replace('SERVICE_GREEN=1', 'SERVICE_GREEN=hunter2'))
    const result = verifyBundle(secret)
    expect(result.first_difference).toMatchObject({ file: 'summary.txt', place: expect.stringMatching(/^line \d+$/) })
    expect(verificationText(result) + JSON.stringify(result)).not.toContain('hunter2')
  })
})

describe('a bundle made to fit', () => {
  it.each([
    ['summary.txt', (text: string) => text.replace('DR_ESCROW_BLOCKED=1', 'DR_ESCROW_BLOCKED=0'), 'line'],
    ['guards/declaration.txt', (text: string) => text.replace('FORBIDDEN DR_COMPLETE', 'ALLOWED DR_COMPLETE'), 'line'],
    ['guards/declaration.json', (text: string) => text.replace('"allowed": false', '"allowed": true'), 'at /declarations/'],
    ['guards/packets.json', (text: string) => text.replace('"runtime_gate": 0', '"runtime_gate": 1'), 'at /runtime_gate'],
    ['snapshot.json', (text: string) => text.replace('"status":"GREEN"', '"status":"WARN"'), 'at /gates/'],
    ['estate.json', (text: string) => text.replace('"severity":"blocked"', '"severity":"warn"'), 'at /checks/'],
    ['merkle.json', (text: string) => text.replace('RFC 6962', 'RFC 6963'), 'at /tree'],
  ])('with a better %s is found by replay', (path, change, place) => {
    const wrong = { file: path, place: expect.stringContaining(place) }
    expect(verifyBundle(withFileAndDigests(path, change)).first_difference).toMatchObject({ step: 'replay', ...wrong })
    expect(verifyBundle(withFile(path, change)).first_difference).toMatchObject({ step: 'digests', ...wrong })
  })

  it('whose manifest says more than the events is found by replay', () => {
    for (const [change, place] of [
      [(text: string) => text.replace('"count": 20', '"count": 21'), 'at /evidence/count'],
      [(text: string) => text.replace('"version": "1.78"', '"version": "1.76"'), 'at /policy_version'],
      [(text: string) => text.replace('"integrity_reasons": []', '"integrity_reasons": ["none"]'), 'at /evidence/integrity_reasons'],
    ] as const) {
      const files = readTar(green.bytes).files.slice(0, -1)
      const changed = files.map((file, index) => (index === 0 ? { ...file, bytes: Buffer.from(change(Buffer.from(file.bytes).toString('utf8'))) } : file))
      const sums = changed.map((file) => `${sha256Digest(file.bytes).slice(7)}  ${file.path}\n`).join('')
      const bytes = writeTar(green.manifest.artifact_id, [...changed, { path: 'SHA256SUMS', bytes: Buffer.from(sums) }], MTIME)
      expect(verifyBundle(bytes).first_difference).toMatchObject({ step: 'replay', place })
    }
  })

  it.each([
    ['an event is left out', (text: string) => text.replace(/\n.*?\n/, '\n')],
    ['a line comes twice', (text: string) => text.replace(/^(.*\n)/, '$1$1')],
    ['lines change places', (text: string) => text.replace(/^(.*\n)(.*\n)/, '$2$1')],
    ['the last line has no end', (text: string) => text.trimEnd()],
    ['a blank is added', (text: string) => text.replace('{"checkid"', '{ "checkid"')],
    ['a key comes twice', (text: string) => text.replace('{"checkid"', '{"checkid":"x","checkid"')],
    ['it is empty', () => ''],
  ])('whose events.ndjson differs (%s) is found', (_name, change) => {
    expect(foundIn(withFileAndDigests('events.ndjson', change))).toMatch(/^(events|replay)$/)
  })

  it('with a decision taken out is found where the manifest counts it, and proves no more', () => {
    const round = makeRound('small-1', 1)
    const bundle = bundleOf([...round, makeGuardEvaluated('small-1', 9)].map(toText))
    expect(verifyBundle(bundle.bytes).facts?.decisions).toBe(1)
    expect(verifyBundle(bundle.bytes).not_proven.join(' ')).toContain('decisions are complete')
  })
})

describe('an archive of another shape', () => {
  const files = green.files
  const archive = (list: typeof files, folder = green.manifest.artifact_id): Uint8Array => writeTar(folder, list, MTIME)
  const end = green.bytes.length

  it.each<[string, Uint8Array, string]>([
    ['truncated by a byte', green.bytes.subarray(0, end - 1), 'archive_form'],
    ['truncated by a block', green.bytes.subarray(0, end - 512), 'archive_form'],
    ['truncated in the middle', green.bytes.subarray(0, end / 2), 'archive_form'],
    ['with a byte appended', Buffer.concat([green.bytes, Buffer.alloc(1)]), 'archive_form'],
    ['with a block of zeros appended', Buffer.concat([green.bytes, Buffer.alloc(512)]), 'archive_form'],
    ['with another archive appended', Buffer.concat([green.bytes, small.bytes]), 'archive_form'],
    ['with a file twice', archive([...files, files[3] as never]), 'archive_form'],
    ['with a file more', archive([...files, { path: 'more.txt', bytes: Buffer.from('x') }]), 'file_list'],
    ['with a file less', archive(files.filter((file) => file.path !== 'guards/dispatch.txt')), 'file_list'],
    ['in another order', archive([files[0] as never, ...files.slice(2), files[1] as never]), 'file_list'],
    ['in another folder', archive(files, 'other-1'), 'file_list'],
    ['of another time', writeTar(green.manifest.artifact_id, files, MTIME + 1), 'archive_bytes'],
    ['whose manifest is not the first', archive(files.toReversed()), 'junk'],
    ['of nothing', new Uint8Array(), 'junk'],
    ['of zeros', new Uint8Array(10_240), 'junk'],
    ['that is text', Buffer.from('hello\n'.repeat(400)), 'junk'],
  ])('%s is told from a bundle', (_name, bytes, expected) => {
    expect(foundIn(bytes)).toBe(expected)
  })
})
