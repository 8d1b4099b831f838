import { expect, test } from 'vitest'
import { readEstate } from '../../producers/estate-file.ts'
import { EvidenceError } from '../../schemas/errors.ts'

const HEAD = 'estate: demo\nversion: "1"\npolicy: sop@1.78\n'

function problemsOf(text: string, allowRecordedKinds = false): string[] {
  try {
    readEstate(text, 'e', { allowRecordedKinds })
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code !== 'estate_invalid') throw error
    return error.message.split('\n').map((one) => one.replace(/^e:/, ''))
  }
  return []
}

/** Checks start in line 7. */
const withChecks = (checks: string, rest = ''): string => `${HEAD}gates:\n  - {id: G}\nchecks:\n${checks}${rest}`
const TCP = '  - {id: t, gate: G, kind: tcp, address: x, port: 1}\n'

test('gates: unknown, twice, waiting for each other', () => {
  const text = `${HEAD}gates:
  - {id: A, depends_on: [C]}
  - {id: B, depends_on: [A, A]}
  - {id: C, depends_on: [B]}
  - {id: D, depends_on: [DD, D]}
  - {id: A}
checks:
  - {id: t, gate: E, kind: tcp, address: x, port: 1}
`
  expect(problemsOf(text)).toEqual([
    '5:25: gates[0].depends_on: gates wait for each other: A -> C -> B -> A',
    '6:29: gates[1].depends_on[1]: `A` is there twice',
    '8:25: gates[3].depends_on: gates wait for each other: D -> D',
    '8:26: gates[3].depends_on[0]: unknown gate `DD`',
    '9:10: gates[4].id: `A` is there twice',
    '11:19: checks[0].gate: unknown gate `E`',
  ])
})

test('policy, hosts and commands', () => {
  const text = `${HEAD.replace('sop@', 'pos@')}hosts:
  - {id: h1, transport: ssh}
  - {id: h1, ssh: {user: u}}
commands:
  - {id: c, argv: [x]}
  - {id: c, argv: [y]}
gates: [{id: G}]
checks:
  - {id: a, gate: G, kind: command, command: cc, host: h2}
  - {id: a, gate: G, kind: delegated, report: other, command: ccc}
`
  expect(problemsOf(text)).toEqual([
    '3:9: policy: unknown policy; this version knows sop, such as sop@1.78',
    '5:5: hosts[0]: transport ssh needs `address`',
    '5:5: hosts[0]: transport ssh needs `ssh` with a user',
    '5:5: hosts[0]: transport ssh needs `known_hosts` at the top of the estate',
    '6:10: hosts[1].id: `h1` is there twice',
    '6:14: hosts[1].ssh: ssh settings on a local host; set transport: ssh',
    '9:10: commands[1].id: `c` is there twice',
    '12:46: checks[0].command: unknown command `cc`',
    '12:56: checks[0].host: unknown host `h2`',
    '13:10: checks[1].id: `a` is there twice',
    '13:63: checks[1].command: unknown command `ccc`',
  ])
})

test('near misses of names are suggested', () => {
  const text = `${HEAD}hosts: [{id: db-188}]\ngates: [{id: P0-NETWORK}]\nchecks:\n  - {id: a, gate: P0-NETWROK, kind: tcp, address: x, port: 1, host: db-189}\n`
  expect(problemsOf(text)).toEqual([
    '7:19: checks[0].gate: unknown gate `P0-NETWROK`; did you mean `P0-NETWORK`?',
    '7:69: checks[0].host: unknown host `db-189`; did you mean `db-188`?',
  ])
})

test('settings of one check that contradict each other', () => {
  const text = withChecks(`  - {id: a, gate: G, kind: textfile, metrics: [{name: up}]}
  - {id: b, gate: G, kind: freshness, path: /x, url: "http://x", status_pointer: /s}
  - {id: c, gate: G, kind: freshness, url: "http://x"}
  - {id: d, gate: G, kind: freshness, url: "http://x", status_pointer: /s, max_age_days: 1, max_age_s: 5}
  - {id: e, gate: G, kind: delegated, report: other}
  - {id: f, gate: G, kind: tcp, address: x, port: 1, role: public_api}
  - {id: g, gate: G, kind: http, url: "http://x", method: HEAD, body: {contains: x}, ca_file: c.pem}
  - {id: h, gate: G, kind: tls, address: x, renewed_after: "2026-02-30"}
  - {id: i, gate: G, kind: file, path: /x, min_bytes: 5, max_bytes: 4}
  - {id: j, gate: G, kind: delegated, report: other, path: /x, classify: [{match: a, class: api, gate: H}]}
`)
  expect(problemsOf(text)).toEqual([
    '7:5: checks[0]: needs `path` or `url`',
    '8:54: checks[1].url: has both `path` and `url`; one is enough',
    '9:5: checks[2]: needs at least one of `status_pointer`, `latest_pointer`, `age_pointer`, `blockers_pointer`',
    '10:90: checks[3].max_age_days: needs `latest_pointer` or `age_pointer`',
    '10:104: checks[3].max_age_s: is the age of a file; needs `path`',
    '11:5: checks[4]: needs `command` or `path`',
    '12:60: checks[5].role: public_api is for http checks',
    '13:71: checks[6].body: a HEAD answer has no body to assert',
    '13:95: checks[6].ca_file: is for https',
    '14:60: checks[7].renewed_after: not a date YYYY-MM-DD',
    '15:69: checks[8].max_bytes: is below `min_bytes`',
    '16:104: checks[9].classify[0].gate: unknown gate `H`',
  ])
})

test('checks without the settings of a look are for recorded rounds only', () => {
  for (const kind of ['k8s', 'argocd', 'backup-health', 'offsite', 'registry', 'sql-parity', 'source-presence', 'release-parity']) {
    const text = withChecks(`  - {id: k, gate: G, kind: ${kind}}\n`)
    expect(problemsOf(text).length, kind).toBeGreaterThan(0)
    expect(problemsOf(text, true), kind).toEqual([])
  }
})

test('sections: references, kinds, prefixes', () => {
  const text = withChecks(
    `${TCP}  - {id: f, gate: G, kind: freshness, url: "http://x", status_pointer: /s, severity: warn}\n`,
    `sections:
  products:
    - {id: stock, prefix: STOCK, shape: feed, release: true, freshness: f, parity: t}
    - {id: stock, prefix: STOCK, shape: import, release: false, freshness: t, source: nope, parity: t}
  backup: {health: [t, t], offsite: [f]}
  escrow: {items: [dns_recovery, dns_recovery], inventory: [t]}
  hygiene:
    - {prefix: HOST_1, service: [t], hygiene: [x]}
    - {prefix: POST_START, service: [t], hygiene: [f]}
  registry: {prefix: HOST_1, coverage: [t]}
owner_gates: [credential_escrow_evidence, host_1_hygiene_maintenance_window, host_2_hygiene_maintenance_window, wazuh_manager_registry_export, send_more_money, credential_escrow_evidence]
`,
  )
  expect(problemsOf(text)).toEqual([
    '11:73: sections.products[0].freshness: check `f` of a release product must have severity blocked',
    '11:76: sections.products[0].parity: is for products of shape import',
    '11:84: sections.products[0].parity: check `t` is of kind tcp; parity needs sql-parity or command or textfile',
    '12:12: sections.products[1].id: `stock` is there twice',
    '12:27: sections.products[1].prefix: prefix STOCK is used by another section',
    '12:76: sections.products[1].freshness: check `t` is of kind tcp; freshness needs freshness or sql-freshness',
    '12:87: sections.products[1].source: unknown check `nope`',
    '12:101: sections.products[1].parity: check `t` is of kind tcp; parity needs sql-parity or command or textfile',
    '13:21: sections.backup.health[0]: check `t` is of kind tcp; health needs delegated or textfile or file or command or backup-health',
    '13:24: sections.backup.health[1]: `t` is there twice',
    '13:24: sections.backup.health[1]: check `t` is of kind tcp; health needs delegated or textfile or file or command or backup-health',
    '13:38: sections.backup.offsite[0]: check `f` is of kind freshness; offsite needs delegated or textfile or file or command or backup-health or offsite',
    '14:34: sections.escrow.items[1]: `dns_recovery` is there twice',
    '14:61: sections.escrow.inventory[0]: check `t` is of kind tcp; inventory needs escrow or delegated',
    '16:48: sections.hygiene[0].hygiene[0]: unknown check `x`',
    '17:16: sections.hygiene[1].prefix: POST_START starts keys that every summary has; choose another prefix',
    '18:22: sections.registry.prefix: prefix HOST_1 is used by another section',
    '18:41: sections.registry.coverage[0]: check `t` is of kind tcp; coverage needs registry or delegated',
    '19:78: owner_gates[2]: needs a sections.hygiene entry with prefix HOST_2',
    '19:113: owner_gates[3]: needs sections.registry with prefix WAZUH',
    'and 2 more',
  ])
})

test('owner gates need their sections', () => {
  const text = withChecks(TCP, 'owner_gates: [credential_escrow_evidence, wazuh_manager_registry_export, send_more_money]\n')
  expect(problemsOf(text)).toEqual([
    '8:15: owner_gates[0]: needs sections.escrow',
    '8:43: owner_gates[1]: needs sections.registry with prefix WAZUH',
    '8:74: owner_gates[2]: not an owner gate; they are credential_escrow_evidence, host_<x>_hygiene_maintenance_window, <x>_manager_registry_export',
  ])
})

test('a live sql-parity check names its database and both tables; a recorded one need not', () => {
  const text = withChecks('  - {id: k, gate: G, kind: sql-parity, range: all}\n')
  expect(problemsOf(text)).toEqual(['database', 'left', 'right'].map((key) => `7:5: checks[0]: needs \`${key}\``))
  expect(problemsOf(text, true)).toEqual([])
})

test('a log says nothing without the cluster it is of', () => {
  expect(problemsOf(withChecks('  - {id: k, gate: G, kind: postgres, log: /pg.log}\n'))).toEqual(['7:43: checks[0].log: needs `cluster`'])
})

test('releases: unknown checks, twice, unknown phases', () => {
  const releases = (list: string): string => withChecks(TCP, `releases:\n${list}`)
  expect(problemsOf(releases('  - {id: a, phase: high_load_batch, needs: [t]}\n'))).toEqual([])
  expect(problemsOf(releases('  - {id: a, phase: high_load_batch, needs: [tt, t, t]}\n  - {id: a, phase: runner_cd, needs: [t]}\n'))).toEqual([
    '9:45: releases[0].needs[0]: unknown check `tt`',
    '9:52: releases[0].needs[2]: `t` is there twice',
    '10:10: releases[1].id: `a` is there twice',
  ])
  expect(problemsOf(releases('  - {id: a, phase: stateful_restart, needs: [t]}\n'))).toEqual([expect.stringContaining('releases[0].phase')])
  expect(problemsOf(releases('  - {id: a, phase: runner_cd, needs: []}\n'))).toEqual([expect.stringContaining('releases[0].needs')])
})
