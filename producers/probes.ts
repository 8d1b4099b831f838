import type { ProbeKind } from '../schemas/facts.ts'
import type { Probe } from './probe.ts'
import { probeFreshness } from './probes/freshness.ts'
import { probeHttp } from './probes/http.ts'
import { probeTcp } from './probes/tcp.ts'
import { probeTls } from './probes/tls.ts'

export type ProbeTable = { readonly [K in ProbeKind]: Probe<K> }

/** Every probe there is; adding one is a file, a line here and a test. */
export const PROBES = {
  tcp: probeTcp,
  http: probeHttp,
  tls: probeTls,
  freshness: probeFreshness,
} as const satisfies Partial<ProbeTable>
