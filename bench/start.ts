import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyFold, foldEvents } from '../projector/fold.ts'
import { judgeFold } from '../projector/project-round.ts'
import { summaryText } from '../schemas/summary-text.ts'
import { makeRound } from '../test/support/make-events.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'

const EVIDENCE = new URL('../cli/evidence.js', import.meta.url).pathname

/** `evidence guard declaration --summary-file` as a whole process against `node -e 0` of the same node, in turns. */
export function benchStart(times = 25): BenchRow[] {
  const folder = mkdtempSync(join(tmpdir(), 'bench-start-'))
  try {
    const file = join(folder, 'summary.txt')
    const texts = makeRound('bench-round', 20).map((event) => Buffer.from(event.bytes).toString('utf8'))
    writeFileSync(file, summaryText(judgeFold('bench-round', foldEvents(emptyFold(), texts)).summary))
    const ours: number[] = []
    const bare: number[] = []
    for (let i = 0; i < times + 3; i++) {
      const own = timeOf([EVIDENCE, 'guard', 'declaration', '--summary-file', file])
      const least = timeOf(['-e', '0'])
      // The first runs fill the compile cache.
      if (i < 3) continue
      ours.push(own)
      bare.push(least)
    }
    const [own, least] = [median(ours), median(bare)]
    // Here a ratio is times as long, so the promise is an upper bound; it is printed as bare / ours like all others.
    return [
      {
        name: 'guard command as a process against node -e 0',
        ratio: least / own,
        floor: 1 / 3,
        detail: `${own.toFixed(0)} ms against ${least.toFixed(0)} ms: ${(own / least).toFixed(2)} times as long`,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function timeOf(args: string[]): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`exit ${status}: ${String(stderr)}`)
  return performance.now() - start
}
