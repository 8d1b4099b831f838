import { describe, expect, it } from 'vitest'
import { probeCronjobs } from '../../producers/probes/cronjobs.ts'
import { ProbeFailure } from '../../producers/transport.ts'
import { cronjobsUnmet } from '../../schemas/expectations/cronjobs.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { brokenLists, kubectlInPath } from '../support/kubectl-in-path.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'
import { cronJob, goodCluster, listOf } from '../support/stand-in-cluster.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Seen = NonNullable<FactsOf<'cronjobs'>['cronjobs']>[number]
const SEEN: Seen = {
  ...{ name: 'vectorize', suspended: false, schedule: '0 3 * * *', time_zone: 'Asia/Taipei', active: 0 },
  ...{ last_schedule_at: '2026-06-26T19:00:00.000Z', last_success_at: '2026-06-26T19:00:55.000Z' },
}
const settings = { namespace: 'shop', cronjobs: [{ name: 'vectorize', schedule: '0 3 * * *', max_success_age_s: 93_600 }] }
const check = makeCheck('cronjobs', settings)
const unmet = (change: Partial<Seen>, which = check) => cronjobsUnmet(which, { namespace: 'shop', cronjobs: [{ ...SEEN, ...change }] }, AT)
const plain = makeCheck('cronjobs', { namespace: 'shop', cronjobs: [{ name: 'vectorize' }] })

describe('cronjobs expectation', () => {
  it('is met by a CronJob whose last run succeeded, or is under way', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ active: 1, last_schedule_at: '2026-06-27T03:59:00.000Z' })).toEqual([])
    expect(unmet({ last_schedule_at: null, last_success_at: null }, plain)).toEqual([])
    expect(unmet({ schedule: '@daily', last_success_at: '2026-06-26T19:00:00.000Z' }, plain)).toEqual([])
  })

  it.each<[string, Partial<Seen>, string[]]>([
    ['one that is suspended', { suspended: true }, ['CronJob vectorize is suspended']],
    ['another schedule', { schedule: '0 4 * * *' }, ['CronJob vectorize is scheduled 0 4 * * *, not 0 3 * * *']],
    ['a failed last run', { last_success_at: '2026-06-26T18:59:59.000Z' }, ['CronJob vectorize ran at 2026-06-26T19:00:00.000Z without a success']],
    [
      'runs that all failed',
      { last_success_at: null },
      ['CronJob vectorize ran at 2026-06-26T19:00:00.000Z without a success', 'CronJob vectorize has never succeeded'],
    ],
    ['one that never ran', { last_schedule_at: null, last_success_at: null }, ['CronJob vectorize has never succeeded']],
    [
      'an old success',
      { last_schedule_at: '2026-06-25T19:00:00.000Z', last_success_at: '2026-06-25T19:00:55.000Z' },
      ['success of CronJob vectorize is 118745 s old > 93600 s'],
    ],
    ['a success of the future', { last_success_at: '2026-06-28T19:00:55.000Z' }, ['success of CronJob vectorize modified in the future']],
    ['another name', { name: 'vectorize2' }, ['CronJob vectorize does not exist']],
  ])('is not met by %s', (_what, change, reasons) => {
    expect(unmet(change)).toEqual(reasons)
  })

  it('is not met by nothing', () => {
    expect(cronjobsUnmet(check, { namespace: 'shop', cronjobs: [] }, AT)).toEqual(['CronJob vectorize does not exist'])
    expect(cronjobsUnmet(check, { namespace: 'shop', cronjobs: null }, AT)).toEqual(['not observed: CronJobs'])
  })
})

const PATH = '/apis/batch/v1/namespaces/shop/cronjobs'

describe('cronjobs probe with a stand-in kubectl', () => {
  const cluster = kubectlInPath()
  const look = (which = check) => probeCronjobs(which, makeContext({ now: () => AT }))

  it('reads the declared CronJobs and nothing of their templates', async () => {
    const { facts, met, target } = await look()
    expect(FACTS.cronjobs.parse(facts)).toEqual(facts)
    expect([facts.cronjobs, met, target]).toEqual([[SEEN], true, 'shop cronjobs'])
    expect(JSON.stringify(facts)).not.toContain('never-read')
    expect((await look(makeCheck('cronjobs', { ...settings, kubeconfig: '/etc/evidence/kubeconfig' }))).met).toBe(true)
  })

  it('reads one that has never run, one that runs, and one that is suspended', async () => {
    cluster.serve(listOf(PATH, [cronJob('vectorize', { scheduled: null, succeeded: null, active: 2, suspend: true })]))
    expect((await look()).facts.cronjobs).toEqual([{ ...SEEN, time_zone: null, suspended: true, active: 2, last_schedule_at: null, last_success_at: null }])
    cluster.serve(listOf(PATH, []))
    expect(await look()).toMatchObject({ met: false, facts: { cronjobs: [] } })
  })

  it('does not take what it may not read for none', async () => {
    cluster.serve({})
    expect(await look()).toMatchObject({ met: false, facts: { cronjobs: null } })
  })

  it('fails on answers that are junk, cut or not whole', async () => {
    const good = JSON.stringify(goodCluster()[PATH])
    for (const text of [
      ...brokenLists(good, 'CronJob'),
      good.replace('"suspend":false', '"suspend":"no"'),
      good.replace('2026-06-26T19:00:00Z', 'yesterday'),
    ]) {
      cluster.serve({ [PATH]: text })
      expect(await failureOf(look()), text.slice(0, 60)).toMatch(/^parse parse/u)
    }
  })

  it('fails where it does not reach the API, and where that hangs', async () => {
    const says = (answer: { exitCode: number; stderrLine: string; text?: string } | ProbeFailure) =>
      failureOf(probeCronjobs(check, makeContext({ transport: createScriptedTransport({ kubectl: answer }) })))
    expect(await says({ exitCode: 1, stderrLine: 'The connection to the server 127.0.0.1:6443 was refused' })).toMatch(/^refused connect/u)
    expect(await says({ exitCode: 1, stderrLine: '', text: JSON.stringify(goodCluster()[PATH]) })).toMatch(/^exit_status exec/u)
    expect(await says({ exitCode: 127, stderrLine: 'not found' })).toMatch(/^exit_status exec/u)
    expect(await says(new ProbeFailure('timeout', 'exec', 'x'))).toBe('timeout exec: x')
  })
})
