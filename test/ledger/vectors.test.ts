import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Consistency, type Inclusion, verifyConsistency, verifyInclusion } from '../../ledger/merkle-proof.ts'
import { canonicalJson } from '../../schemas/canonical-json.ts'

/** Vectors that others wrote; they stay outside the project (`EVIDENCE_VECTORS`, default ../shared/vectors). */
const root = process.env.EVIDENCE_VECTORS ?? resolve(import.meta.dirname, '../../../shared/vectors')
const present = existsSync(join(root, 'merkle')) && existsSync(join(root, 'jcs'))
if (!present) console.warn(`SUITE ABSENT: no Merkle and JCS vectors in ${root}; set EVIDENCE_VECTORS to their folder`)

function jsonFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name))
}

const read = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(root, name), 'utf8')) as Record<string, unknown>
const hex = (base64: unknown): string => Buffer.from(base64 as string, 'base64').toString('hex')
const proofOf = (vector: Record<string, unknown>): string[] => ((vector.proof ?? []) as string[]).map(hex)

function toInclusion(v: Record<string, unknown>): Inclusion {
  return { leafHash: hex(v.leafHash), index: v.leafIdx as number, size: v.treeSize as number, proof: proofOf(v), root: hex(v.root) }
}

function toConsistency(v: Record<string, unknown>): Consistency {
  return { size1: v.size1 as number, size2: v.size2 as number, root1: hex(v.root1), root2: hex(v.root2), proof: proofOf(v) }
}

describe.skipIf(!present)(`vectors of others${present ? '' : ' (skipped: folder absent)'}`, () => {
  it('decides all 196 Merkle vectors right', () => {
    const inclusion = jsonFiles('merkle/inclusion').map((name) => ({ name, vector: read(name), accepted: verifyInclusion(toInclusion(read(name))) }))
    const consistency = jsonFiles('merkle/consistency').map((name) => ({ name, vector: read(name), accepted: verifyConsistency(toConsistency(read(name))) }))
    const all = [...inclusion, ...consistency]
    const wrong = all.filter(({ vector, accepted }) => accepted === vector.wantErr).map(({ name }) => name)
    const refused = all.filter(({ accepted }) => !accepted).length
    console.info(`Merkle vectors: ${all.length} ran (${inclusion.length} inclusion, ${consistency.length} consistency), ${refused} refused`)
    expect(wrong).toEqual([])
    expect([all.length, refused]).toEqual([196, 184])
  })

  it('writes all 6 JCS vectors byte for byte', () => {
    const names = jsonFiles('jcs/input')
    for (const name of names) {
      const wanted = readFileSync(join(root, name.replace('input', 'outhex').replace(/json$/, 'txt')), 'utf8').replaceAll(/\s/g, '')
      expect(Buffer.from(canonicalJson(JSON.parse(readFileSync(join(root, name), 'utf8')))).toString('hex'), name).toBe(wanted)
    }
    console.info(`JCS vectors: ${names.length} ran`)
    expect(names.length).toBe(6)
  })
})
