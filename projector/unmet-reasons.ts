import type { Check, CheckOf } from '../schemas/estate.ts'
import type { EvidenceEvent } from '../schemas/event.ts'
import { alertmanagerUnmet } from '../schemas/expectations/alertmanager.ts'
import { argocdUnmet } from '../schemas/expectations/argocd.ts'
import { arpUnmet } from '../schemas/expectations/arp.ts'
import { backupHealthUnmet } from '../schemas/expectations/backup-health.ts'
import { commandUnmet } from '../schemas/expectations/command.ts'
import { cronUnmet } from '../schemas/expectations/cron.ts'
import { cronjobsUnmet } from '../schemas/expectations/cronjobs.ts'
import { dockerUnmet } from '../schemas/expectations/docker.ts'
import { escrowItemsPresent } from '../schemas/expectations/escrow.ts'
import { fileUnmet } from '../schemas/expectations/file.ts'
import { freshnessUnmet } from '../schemas/expectations/freshness.ts'
import { hostUnmet } from '../schemas/expectations/host.ts'
import { importJobUnmet } from '../schemas/expectations/import-job.ts'
import { k8sUnmet } from '../schemas/expectations/k8s.ts'
import { knownHostsUnmet } from '../schemas/expectations/known-hosts.ts'
import { loadWindowUnmet } from '../schemas/expectations/load-window.ts'
import { offsiteUnmet } from '../schemas/expectations/offsite.ts'
import { pingUnmet } from '../schemas/expectations/ping.ts'
import { postgresUnmet } from '../schemas/expectations/postgres.ts'
import { prometheusUnmet } from '../schemas/expectations/prometheus.ts'
import { redisUnmet } from '../schemas/expectations/redis.ts'
import { registryUnmet } from '../schemas/expectations/registry.ts'
import { releaseParityUnmet } from '../schemas/expectations/release-parity.ts'
import { runawayUnmet } from '../schemas/expectations/runaway.ts'
import { runnerGuardrailsUnmet } from '../schemas/expectations/runner-guardrails.ts'
import { scriptParityUnmet } from '../schemas/expectations/script-parity.ts'
import { sourcePresenceUnmet } from '../schemas/expectations/source-presence.ts'
import { sqlFreshnessUnmet } from '../schemas/expectations/sql-freshness.ts'
import { sqlParityUnmet } from '../schemas/expectations/sql-parity.ts'
import { storageSignaturesUnmet } from '../schemas/expectations/storage-signatures.ts'
import { systemdUnmet } from '../schemas/expectations/systemd.ts'
import { textfileUnmet } from '../schemas/expectations/textfile.ts'
import { tlsUnmet } from '../schemas/expectations/tls.ts'
import { tokenMetadataUnmet } from '../schemas/expectations/token-metadata.ts'
import { judgedAt, rebootedSince } from './boot-binding.ts'
import { delegatedFindings } from './delegated-report.ts'
import type { JudgeContext } from './judge-check.ts'
import { acceptedItems, isRegistryAccepted } from './reviews.ts'

/** What an observation lacks of its check's expectation under a policy; empty means met. One line a kind. */
export function unmetReasons(check: Check, event: EvidenceEvent, context: JudgeContext): string[] {
  const at = judgedAt(event, context.opened)
  switch (event.type) {
    case 'evidence.tcp.observed.v1':
      return []
    case 'evidence.tls.observed.v1':
      return check.kind === 'tls' ? tlsUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.host.observed.v1':
      return check.kind === 'host' ? [...hostUnmet(check, event.data.facts, at), ...rebootedSince(check, event, context.boots)] : WRONG_KIND
    case 'evidence.textfile.observed.v1':
      return check.kind === 'textfile' ? textfileUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.file.observed.v1':
      return check.kind === 'file' ? fileUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.freshness.observed.v1':
      return check.kind === 'freshness' ? freshnessUnmet(withPolicyLimit(check, context), event.data.facts, at, event.data.as_of) : WRONG_KIND
    case 'evidence.command.observed.v1':
      return check.kind === 'command' ? commandUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.escrow.observed.v1':
      return check.kind === 'escrow' ? missingEscrow(escrowItemsPresent(check, event.data.facts, at), context) : WRONG_KIND
    case 'evidence.postgres.observed.v1':
      return check.kind === 'postgres' ? postgresUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.redis.observed.v1':
      return check.kind === 'redis' ? redisUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.sql-freshness.observed.v1':
      return check.kind === 'sql-freshness' ? sqlFreshnessUnmet(withPolicyLimit(check, context), event.data.facts, at) : WRONG_KIND
    case 'evidence.systemd.observed.v1':
      return check.kind === 'systemd' ? systemdUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.docker.observed.v1':
      return check.kind === 'docker' ? dockerUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.prometheus.observed.v1':
      return check.kind === 'prometheus' ? prometheusUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.alertmanager.observed.v1':
      return check.kind === 'alertmanager' ? alertmanagerUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.cron.observed.v1':
      return check.kind === 'cron' ? cronUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.token-metadata.observed.v1':
      return check.kind === 'token-metadata' ? tokenMetadataUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.runaway.observed.v1':
      return check.kind === 'runaway' ? runawayUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.load-window.observed.v1':
      return check.kind === 'load-window' ? loadWindowUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.runner-guardrails.observed.v1':
      return check.kind === 'runner-guardrails' ? runnerGuardrailsUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.storage-signatures.observed.v1':
      return check.kind === 'storage-signatures' ? storageSignaturesUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.known-hosts.observed.v1':
      return check.kind === 'known-hosts' ? knownHostsUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.script-parity.observed.v1':
      return check.kind === 'script-parity' ? scriptParityUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.ping.observed.v1':
      return check.kind === 'ping' ? pingUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.arp.observed.v1':
      return check.kind === 'arp' ? arpUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.import-job.observed.v1':
      return check.kind === 'import-job' ? importJobUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.cronjobs.observed.v1':
      return check.kind === 'cronjobs' ? cronjobsUnmet(check, event.data.facts, at) : WRONG_KIND
    case 'evidence.report.delegated.v1':
      return check.kind === 'delegated' ? delegatedFindings(event.data).reasons : WRONG_KIND
    case 'evidence.k8s.observed.v1':
      return check.kind !== 'k8s' ? WRONG_KIND : k8sUnmet(check, event.data.facts, context.policy.rules.staleJobsAreEvidence)
    case 'evidence.argocd.observed.v1':
      return argocdUnmet(event.data.facts)
    case 'evidence.backup-health.observed.v1':
      return check.kind === 'backup-health' ? backupHealthUnmet(check, event.data.facts, at, event.data.as_of) : WRONG_KIND
    case 'evidence.offsite.observed.v1':
      return check.kind === 'offsite' ? offsiteUnmet(check, event.data.facts) : WRONG_KIND
    case 'evidence.registry.observed.v1':
      return check.kind === 'registry' ? registryUnmet(check, event.data.facts, isRegistryAccepted(context)) : WRONG_KIND
    case 'evidence.sql-parity.observed.v1':
      return sqlParityUnmet(event.data.facts)
    case 'evidence.source-presence.observed.v1':
      return sourcePresenceUnmet(event.data.facts)
    case 'evidence.release-parity.observed.v1':
      return check.kind === 'release-parity' ? releaseParityUnmet(check, event.data.facts) : WRONG_KIND
    default:
      return WRONG_KIND
  }
}

const WRONG_KIND = ['evidence of another kind']

/** MOMO since 1.28: an age of 0 to 2 days is fresh, unless the estate is stricter (runbook §14.28). */
function withPolicyLimit<C extends CheckOf<'freshness' | 'sql-freshness'>>(check: C, { estate, policy }: JudgeContext): C {
  const limit = policy.rules.importMaxAgeDays
  const isImport = estate.sections.products?.some((one) => one.freshness === check.id && one.shape === 'import')
  if (!isImport || limit === null) return check
  return { ...check, max_age_days: Math.min(limit, check.max_age_days ?? limit) }
}

/** An item counts only with a marker and an unexpired acceptance (contract §5, Review). */
function missingEscrow(present: readonly string[], context: JudgeContext): string[] {
  const accepted = acceptedItems(context)
  const missing = (context.estate.sections.escrow?.items ?? []).filter((item) => !present.includes(item) || !accepted.has(item))
  return missing.length === 0 ? [] : [`escrow items missing: ${missing.join(',')}`]
}
