import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, describe, expect, test } from 'vitest'
import { LOCALHOST, newFolder, type Ran, runEvidence } from './run-program.ts'

/** Someone with write access to the ledger file turns a failure into a pass, or lets it vanish. */
const folder = newFolder()
const ID = 'honest-1'

beforeAll(() => {
  expect(runEvidence(folder, ['round', 'run', '--estate', LOCALHOST, '--id', ID, '--quiet']).code).toBe(0)
})

function tampered(name: string, change: (database: DatabaseSync) => void): (...args: string[]) => Ran {
  const file = path.join(folder, name)
  copyFileSync(path.join(folder, 'evidence.db'), file)
  const database = new DatabaseSync(file)
  database.exec('DROP TRIGGER events_update; DROP TRIGGER events_delete')
  change(database)
  database.close()
  return (...args) => runEvidence(folder, [...args, '--ledger', name])
}

const CHANGES: readonly (readonly [string, (database: DatabaseSync) => void])[] = [
  ['a changed fact', (database) => database.exec(`UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), '"Linux"', '"Minix"') AS BLOB)`)],
  [
    'a changed outcome',
    (database) =>
      database.exec(
        `UPDATE events SET payload = CAST(replace(CAST(payload AS TEXT), '"matched":true', '"matched":null') AS BLOB) WHERE payload LIKE '%"matched":true%'`,
      ),
  ],
  ['an event taken out', (database) => database.exec('DELETE FROM events WHERE position = 4')],
]

describe('a changed ledger', () => {
  for (const [index, [name, change]] of CHANGES.entries()) {
    test(name, () => {
      const run = tampered(`tampered-${index}.db`, change)
      const verified = run('ledger', 'verify')
      expect(verified.code).toBe(1)
      expect(verified.stdout).toMatch(/^LEDGER_VERIFY_FAILED code=[a-z_]+ position=/)
      expect(run('round', 'list').stdout).toMatch(/ BLOCKED +mismatch +honest-1$/m)
      expect(run('history', 'rounds')).toMatchObject({ code: 1, stdout: expect.not.stringContaining(ID) })
      for (const args of [
        ['guard', 'declaration', ID, '--declare', 'SERVICE_GREEN'],
        ['guard', 'dispatch', ID],
        ['round', 'show', ID],
        ['summary', ID],
      ]) {
        const ran = run(...args, ...(args[0] === 'guard' ? ['--no-record'] : []))
        expect([1, 3], `${args.join(' ')}: ${ran.stdout}${ran.stderr}`).toContain(ran.code)
        expect(ran.stdout).not.toContain('\nALLOWED ')
        expect(ran.stdout).not.toContain('SERVICE_GREEN=1')
      }
    })
  }
  test('the honest ledger verifies', () => {
    const { code, stdout } = runEvidence(folder, ['ledger', 'verify'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^LEDGER_VERIFY_OK events=\d+ rounds=1 sealed=1 unsealed=0 head=\d+:[0-9a-f]{64}\n$/)
  })
})
