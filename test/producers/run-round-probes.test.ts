import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readEstate } from '../../producers/estate-file.ts'
import { buildOpenTransport } from '../../producers/open-transport.ts'
import { PROBES } from '../../producers/probes.ts'
import { PROBE_KINDS } from '../../schemas/facts.ts'
import { createTestCa } from '../support/certificates.ts'
import { freePort, serveHttp, serveHttps } from '../support/http-server.ts'
import { eventsIn, testRound } from '../support/run-test-round.ts'

test('the table lists every kind that has a probe, and no other', () => {
  expect(Object.keys(PROBES).sort()).toEqual([...PROBE_KINDS].sort())
})

test('a whole round with every probe, from the estate file to the seal', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'whole-'))
  const ca = createTestCa()
  await writeFile(path.join(dir, 'ca.pem'), ca.caPem)
  const web = await serveHttp((request, response) => response.end(request.url === '/fresh' ? '{"status":"ok","blockers":[]}' : 'hello'))
  const tls = await serveHttps(ca.issue('127.0.0.1', '20200101000000Z', '20991231000000Z'), (_, response) => response.end())
  ca.remove()
  await writeFile(path.join(dir, 'node.prom'), 'backup_ok 1\n')
  const text = `estate: whole
version: "1"
policy: sop@1.78
defaults: {timeout_ms: 5000}
hosts: [{id: me}]
commands: [{id: greet, argv: [echo, hello]}, {id: report, argv: [echo, "PASS=3 WARN=0 BLOCKED=0"]}]
gates:
  - {id: NET}
  - {id: DATA, depends_on: [NET]}
  - {id: LAST, depends_on: [DATA]}
checks:
  - {id: tcp, gate: NET, kind: tcp, address: 127.0.0.1, port: ${web.port}}
  - {id: http, gate: NET, kind: http, url: "http://127.0.0.1:${web.port}/", body: {contains: hello}}
  - {id: tls, gate: NET, kind: tls, address: 127.0.0.1, port: ${tls.port}, ca_file: ca.pem}
  - {id: host, gate: NET, kind: host, host: me, systemd: ignore}
  - {id: file, gate: NET, kind: file, host: me, path: node.prom, max_age_s: 600}
  - {id: textfile, gate: NET, kind: textfile, host: me, path: node.prom, metrics: [{name: backup_ok, condition: "== 1"}]}
  - {id: command, gate: NET, kind: command, host: me, command: greet, equals: hello}
  - {id: freshness, gate: NET, kind: freshness, url: "http://127.0.0.1:${web.port}/fresh", status_pointer: /status, blockers_pointer: /blockers}
  - {id: delegated, gate: NET, kind: delegated, report: other, command: report}
  - {id: escrow, gate: NET, kind: escrow, path: .}
  - {id: closed, gate: DATA, kind: tcp, address: 127.0.0.1, port: ${await freePort()}}
  - {id: behind, gate: LAST, kind: tcp, address: 127.0.0.1, port: ${web.port}}
`
  const { estate } = readEstate(text, 'whole.yaml', { allowRecordedKinds: false })
  const openTransport = await buildOpenTransport(estate, dir, undefined)
  const round = testRound(estate, { baseDir: dir, probes: PROBES, openTransport })
  const { count } = await round.run()
  const events = await eventsIn(round.input.ledger)
  const types = Object.fromEntries(events.flatMap((event) => (event.checkid === undefined ? [] : [[event.checkid, event.type]])))
  const observed = ['tcp', 'http', 'tls', 'host', 'file', 'textfile', 'command', 'freshness', 'escrow'].map((kind) => [kind, `evidence.${kind}.observed.v1`])
  expect(types).toEqual({
    ...Object.fromEntries(observed),
    delegated: 'evidence.report.delegated.v1',
    closed: 'evidence.check.failed.v1',
    behind: 'evidence.check.not_evaluated.v1',
  })
  expect(count).toBe(13)
  console.log(round.progress.flatMap((one) => (one.type === 'check_done' ? [`${one.check}=${one.outcome}`] : [])).join(' '))
})
