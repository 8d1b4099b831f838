import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { goodResponse } from '../guards/guard-fixtures.ts'
import { GOLDEN, goldenEstate, legacyOutputs, preflightOutputs, readGolden, recordedLines, roundOutputs, summaryFileInput } from './outputs.ts'
import { goldenEvents, goldenRounds } from './samples.ts'

/**
 * Writes the golden files that are not there yet: `node test/golden/make.ts`. It never writes over a file, so a released
 * one cannot be changed by running it (README.md).
 */
function write(name: string, text: string): void {
  const file = path.join(GOLDEN, name)
  if (existsSync(file)) return
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.log(`wrote ${name}`)
}

function writeAll(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) write(name, text)
}

const lineOf = ({ bytes }: { bytes: Uint8Array }): string => `${Buffer.from(bytes).toString('utf8')}\n`

const estate = goldenEstate()
for (const [type, event] of goldenEvents(estate)) write(`events/${type}.json`, lineOf(event))
for (const [name, events] of Object.entries(goldenRounds(estate))) {
  write(`${name}/events.ndjson`, events.map(lineOf).join(''))
  writeAll(roundOutputs(name, readGolden(`${name}/events.ndjson`)))
}
write('recorded/events.ndjson', await recordedLines())
writeAll(roundOutputs('recorded', readGolden('recorded/events.ndjson')))
writeAll(legacyOutputs(readGolden('legacy-summary.txt')))
const green = summaryFileInput('green/summary.txt')
write('green/response.json', `${JSON.stringify({ ...goodResponse(green), responded_at: '2026-06-27T12:00:00Z' }, null, 2)}\n`)
writeAll(preflightOutputs(green))
