import type { ProbeKind } from '../schemas/facts.ts'
import type { Probe } from './probe.ts'
import { probeAlertmanager } from './probes/alertmanager.ts'
import { probeArgocd } from './probes/argocd.ts'
import { probeArp } from './probes/arp.ts'
import { probeBackupHealth } from './probes/backup-health.ts'
import { probeCommand } from './probes/command.ts'
import { probeCron } from './probes/cron.ts'
import { probeCronjobs } from './probes/cronjobs.ts'
import { probeDelegated } from './probes/delegated.ts'
import { probeDocker } from './probes/docker.ts'
import { probeEscrow } from './probes/escrow.ts'
import { probeFile } from './probes/file.ts'
import { probeFreshness } from './probes/freshness.ts'
import { probeHost } from './probes/host.ts'
import { probeHttp } from './probes/http.ts'
import { probeImportJob } from './probes/import-job.ts'
import { probeK8s } from './probes/k8s.ts'
import { probeKnownHosts } from './probes/known-hosts.ts'
import { probeLoadWindow } from './probes/load-window.ts'
import { probeOffsite } from './probes/offsite.ts'
import { probePing } from './probes/ping.ts'
import { probePostgres } from './probes/postgres.ts'
import { probePrometheus } from './probes/prometheus.ts'
import { probeRedis } from './probes/redis.ts'
import { probeRegistry } from './probes/registry.ts'
import { probeReleaseParity } from './probes/release-parity.ts'
import { probeRunaway } from './probes/runaway.ts'
import { probeRunnerGuardrails } from './probes/runner-guardrails.ts'
import { probeScriptParity } from './probes/script-parity.ts'
import { probeSourcePresence } from './probes/source-presence.ts'
import { probeSqlFreshness } from './probes/sql-freshness.ts'
import { probeSqlParity } from './probes/sql-parity.ts'
import { probeStorageSignatures } from './probes/storage-signatures.ts'
import { probeSystemd } from './probes/systemd.ts'
import { probeTcp } from './probes/tcp.ts'
import { probeTextfile } from './probes/textfile.ts'
import { probeTls } from './probes/tls.ts'
import { probeTokenMetadata } from './probes/token-metadata.ts'

export type ProbeTable = { readonly [K in ProbeKind]: Probe<K> }

/** Every probe there is; adding one is a kind in `schemas/facts.ts`, a file, a line here and a test. */
export const PROBES: ProbeTable = {
  tcp: probeTcp,
  http: probeHttp,
  tls: probeTls,
  host: probeHost,
  textfile: probeTextfile,
  file: probeFile,
  freshness: probeFreshness,
  command: probeCommand,
  delegated: probeDelegated,
  escrow: probeEscrow,
  cronjobs: probeCronjobs,
  'import-job': probeImportJob,
  arp: probeArp,
  ping: probePing,
  'script-parity': probeScriptParity,
  'known-hosts': probeKnownHosts,
  'storage-signatures': probeStorageSignatures,
  'runner-guardrails': probeRunnerGuardrails,
  'load-window': probeLoadWindow,
  runaway: probeRunaway,
  'token-metadata': probeTokenMetadata,
  cron: probeCron,
  docker: probeDocker,
  systemd: probeSystemd,
  postgres: probePostgres,
  redis: probeRedis,
  'sql-freshness': probeSqlFreshness,
  'sql-parity': probeSqlParity,
  prometheus: probePrometheus,
  alertmanager: probeAlertmanager,
  'backup-health': probeBackupHealth,
  offsite: probeOffsite,
  k8s: probeK8s,
  argocd: probeArgocd,
  'release-parity': probeReleaseParity,
  'source-presence': probeSourcePresence,
  registry: probeRegistry,
}
