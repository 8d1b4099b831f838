import { describe, expect, it } from 'vitest'
import { probeRegistry, readAgents } from '../../producers/probes/registry.ts'
import { ProbeFailure } from '../../producers/transport.ts'
import { registryUnmet } from '../../schemas/expectations/registry.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { freePort, serveHttp } from '../support/http-server.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'

/** No Wazuh can run on a test machine: this is what `agent_control -l` of Wazuh 4 prints. */
const LIST = `
Wazuh agent_control. List of available agents:
   ID: 000, Name: manager (server), IP: 127.0.0.1, Active/Local
   ID: 001, Name: host-110, IP: any, Active
   ID: 002, Name: host-120, IP: 192.168.0.120, Disconnected
   ID: 003, Name: laptop, IP: any, Never connected

List of agentless devices:

`
const SCOPE = ['host-110', 'host-120', 'host-188']
const look = (answer: { text?: string; exitCode?: number; stderrLine?: string } | ProbeFailure, settings: Record<string, unknown> = {}) =>
  probeRegistry(
    makeCheck('registry', { scope: SCOPE, ...settings }),
    makeContext({ transport: createScriptedTransport({ '/var/ossec/bin/agent_control -l': answer }) }),
  )

describe('registry expectation', () => {
  const facts: FactsOf<'registry'> = {
    ...{ coverage_scope: 3, direct_active: 3, no_transport: 0, ssh_blocked: null, route_code: 200, transport_count: null },
    ...{ dashboard_api_connection: null, dashboard_index_ok: null, agents_registered: 4, agents_active: 3 },
  }
  const check = makeCheck('registry', { scope: SCOPE, route: 'http://a/' })

  it('is met by a review and nothing else, and lost again with an agent', () => {
    expect(registryUnmet(check, facts, true)).toEqual([])
    expect(registryUnmet(check, facts, false)).toEqual(['the registry is not accepted by an independent review'])
    expect(registryUnmet(makeCheck('registry', {}), facts, false)).toEqual(['the registry is not accepted by an independent review'])
    expect(registryUnmet(makeCheck('registry', {}), { ...facts, direct_active: 0, route_code: 500 }, true)).toEqual([])
    expect(registryUnmet(check, { ...facts, direct_active: 2, route_code: 502 }, true)).toEqual(['2 of 3 agents in scope active', 'route answered 502'])
    expect(registryUnmet(check, { ...facts, direct_active: null, route_code: null }, true)).toEqual(['not observed: agents', 'not observed: route'])
  })
})

describe('registry probe with the output of a stand-in agent_control', () => {
  it('counts agents in scope, and is never met by itself', async () => {
    const seen = await look({ text: LIST })
    expect(seen.met).toBe(false)
    expect(seen.facts).toMatchObject({ coverage_scope: 3, direct_active: 1, no_transport: 1, agents_registered: 3, agents_active: 1, route_code: null })
    expect(FACTS.registry.parse(seen.facts)).toEqual(seen.facts)
    const all = LIST.replace('Disconnected', 'Active').replace('laptop, IP: any, Never connected', 'host-188, IP: any, Active')
    expect(await look({ text: all })).toMatchObject({ met: false, facts: { direct_active: 3, no_transport: 0 } })
    expect((await look({ text: all.replace('host-120', 'host-110') })).facts).toMatchObject({ direct_active: 1, no_transport: 1 })
  })

  it('asks the route, whose code is a fact', async () => {
    const { port } = await serveHttp((_, response) => response.end('disabled_waiting_owner_gate'))
    expect((await look({ text: LIST }, { route: `http://127.0.0.1:${port}/` })).facts.route_code).toBe(200)
    expect(await failureOf(look({ text: LIST }, { route: `http://127.0.0.1:${await freePort()}/` }))).toMatch(/^refused connect/u)
  })

  it('fails where the list is missing, cut, junk or forbidden', async () => {
    const lines = LIST.split('\n')
    for (const text of [
      '',
      'nothing',
      lines.slice(0, 2).join('\n'),
      LIST.replace(/^.*ID: 000.*\n/mu, ''),
      LIST.replace('IP: any, Active', ''),
      LIST.replace('Active\n', 'Act|ve\n'),
    ]) {
      expect(await failureOf(look({ text })), text).toMatch(/^parse parse: not a/u)
    }
    expect(await failureOf(look({ exitCode: 1, stderrLine: 'Permission denied' }))).toBe('permission exec: agent_control: exit code 1: Permission denied')
    expect(await failureOf(look({ exitCode: 127, stderrLine: 'not found' }))).toMatch(/^exit_status exec/u)
    expect(await failureOf(look(new ProbeFailure('timeout', 'exec', 'no end')))).toBe('timeout exec: no end')
    expect(await failureOf(probeRegistry(makeCheck('registry', {}), makeContext()))).toBe('internal probe: the check names no scope')
    expect(readAgents(LIST)).toHaveLength(3)
  })
})
