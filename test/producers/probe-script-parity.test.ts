import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeScriptParity } from '../../producers/probes/script-parity.ts'
import { scriptParityUnmet } from '../../schemas/expectations/script-parity.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)]
const NONE = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
type Script = FactsOf<'script-parity'>['scripts'][number]
const GOOD: Script = { repository: 'r.sh', live: '/l.sh', repository_sha256: A, live_sha256: A }
const unmet = (...scripts: Script[]) => scriptParityUnmet(makeCheck('script-parity', { scripts: [{ repository: 'r.sh', live: '/l.sh' }] }), { scripts }, AT)

describe('script-parity expectation', () => {
  it('is met by the same digest', () => {
    expect(unmet(GOOD)).toEqual([])
  })

  it.each<[string, Script[], string]>([
    ['another digest', [{ ...GOOD, live_sha256: B }], 'script /l.sh is bbbbbbbbbbbb, the repository has aaaaaaaaaaaa'],
    ['a script that is not live', [{ ...GOOD, live_sha256: null }], 'script /l.sh is not live'],
    ['a script that nobody has', [{ ...GOOD, live_sha256: null, repository_sha256: null }], 'script r.sh is not in the repository'],
    ['two empty files', [{ ...GOOD, live_sha256: NONE, repository_sha256: NONE }], 'script /l.sh is empty'],
    ['nothing', [], 'not observed: script /l.sh'],
    ['another pair', [{ ...GOOD, live: '/other.sh' }], 'not observed: script /l.sh'],
  ])('is not met by %s', (_what, scripts, reason) => {
    expect(unmet(...scripts)).toEqual([reason])
  })
})

describe('script-parity probe over ssh, with the real sha256sum', () => {
  let host: StandInHost
  let repository = ''
  beforeAll(async () => {
    host = await startStandInHost()
    repository = mkdtempSync(join(tmpdir(), 'evidence-repository-'))
    mkdirSync(join(repository, 'scripts'))
    writeFileSync(join(repository, 'scripts/check.sh'), '#!/bin/sh\nexit 0\n')
  })
  afterAll(async () => {
    await host.stop()
    rmSync(repository, { recursive: true, force: true })
  })
  const look = (live: string, timeoutMs = 8000, ours = 'scripts/check.sh') =>
    probeScriptParity(
      makeCheck('script-parity', { host: 'h1', scripts: [{ repository: ours, live }] }),
      makeContext({ transport: host.transport, timeoutMs, baseDir: repository }),
    )

  it('tells the same script from another one, from none and from a strange name', async () => {
    writeFileSync(join(host.dir, 'same.sh'), '#!/bin/sh\nexit 0\n')
    writeFileSync(join(host.dir, 'newer.sh'), '#!/bin/sh\nexit 1\n')
    writeFileSync(join(host.dir, "it's a \\ name"), '#!/bin/sh\nexit 0\n')
    const { facts, met } = await look(join(host.dir, 'same.sh'))
    expect(FACTS['script-parity'].parse(facts)).toEqual(facts)
    expect([facts.scripts[0]?.live_sha256 === facts.scripts[0]?.repository_sha256, met]).toEqual([true, true])
    expect((await look(join(host.dir, "it's a \\ name"))).met).toBe(true)
    expect((await look(join(host.dir, 'newer.sh'))).met).toBe(false)
    expect(await look(join(host.dir, 'gone.sh'))).toMatchObject({ met: false, facts: { scripts: [{ live_sha256: null }] } })
    expect(await look(join(host.dir, 'same.sh'), 8000, 'scripts/gone.sh')).toMatchObject({ met: false, facts: { scripts: [{ repository_sha256: null }] } })
  })

  it('takes no folder for a script', async () => {
    expect(await failureOf(look(host.dir))).toMatch(/^exit_status read: sha256sum: exit code 1: .*Is a directory/u)
    expect(await failureOf(look(join(host.dir, 'same.sh'), 8000, 'scripts'))).toBe('parse read: not a regular file')
  })

  it.each([
    ['no permission', says('', 1, 'sha256sum: /l: Permission denied'), /^permission read: /u],
    ['nothing', says(''), /^parse read: /u],
    ['a cut digest', says(`${A.slice(1)}  /l`), /^parse read: /u],
    ['a digest without a name', says(A), /^parse read: /u],
    ['two lines', says(`${A}  /l\n${A}  /m`), /^parse read: /u],
    ['a digest and an error', says(`${A}  /l`, 1, 'sha256sum: WARNING'), /^exit_status read: /u],
    ['no program', 'exit 127\n', /^exit_status read: /u],
  ])('fails on %s, with a stand-in for sha256sum', async (_what, body, failure) => {
    host.put('sha256sum', body)
    expect(await failureOf(look('/l'))).toMatch(failure)
  })

  it('fails where it hangs', async () => {
    host.put('sha256sum', 'exec sleep 30\n')
    expect(await failureOf(look('/l', 700))).toMatch(/^timeout exec: /u)
  })
})
