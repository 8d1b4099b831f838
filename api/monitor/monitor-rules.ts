import { metricPrefix } from './monitor-text.ts'

/** From here on a monitor counts as stopped, however short its interval (runbook §13.3). */
const LEAST_STALE_S = 1800
/** No green for longer than this alerts (runbook §13.3: 6 hours). */
const GREEN_AGE_S = 21_600

/**
 * Prometheus recording and alerting rules over the textfile of `evidence monitor` (runbook §13.3), as YAML. Metrics carry
 * the prefix of the estate, and alerts its id as the label `estate`: without it, what two estates in one Alertmanager say
 * at once would be one alert. `intervalS`: seconds between two rounds; three that are missing make a monitor stale. Pure.
 */
export function monitorRulesText(estateId: string, intervalS: number): string {
  const prefix = metricPrefix(estateId)
  const staleS = Math.max(LEAST_STALE_S, 3 * intervalS)
  // Quoted: an estate may be called `no` or `007`, which YAML would take for something else.
  const labels = (severity: 'critical' | 'warning'): string => `labels: { severity: ${severity}, estate: '${estateId}' }`
  return `# Alerts over the textfile of \`evidence monitor --interval ${intervalS}\` for the estate ${estateId} (docs/watch-and-monitor.md).
# Printed by \`evidence monitor --estate FILE --print-rules\`; print them again instead of changing them here.
groups:
  - name: evidence-monitor-recording
    rules:
      - record: ${prefix}:cold_start_run_age:seconds
        expr: abs(time() - ${prefix}_cold_start_last_run_timestamp)
      - record: ${prefix}:cold_start_green_age:seconds
        expr: time() - ${prefix}_cold_start_last_green_timestamp
  - name: evidence-monitor
    rules:
      - alert: ColdStartMonitorAbsent
        expr: absent(${prefix}_cold_start_monitor_up)
        for: 15m
        ${labels('critical')}
        annotations: { summary: no cold-start metrics at all; nothing is known about the estate }
      - alert: ColdStartMonitorStale
        # Of the time itself, not of the recorded age: a rule that stopped must not hide it. A clock ahead counts too.
        expr: abs(time() - ${prefix}_cold_start_last_run_timestamp) > ${staleS}
        ${labels('critical')}
        annotations: { summary: 'the cold-start monitor stopped {{ $value | humanizeDuration }} ago; its other metrics are old' }
      - alert: ColdStartMonitorFailing
        expr: ${prefix}_cold_start_monitor_up == 0
        for: 15m
        ${labels('critical')}
        annotations: { summary: the monitor runs but cannot record a round; its journal says why }
      - alert: ColdStartBlocked
        expr: ${prefix}_cold_start_last_result{result="blocked"} == 1
        ${labels('critical')}
        annotations: { summary: the last cold-start round is BLOCKED }
      - alert: ColdStartCheckFailed
        expr: ${prefix}_cold_start_last_result{result="check_failed"} == 1 and on (instance, job) ${prefix}_cold_start_monitor_up == 1
        ${labels('critical')}
        annotations: { summary: the last cold-start round proves nothing }
      - alert: ColdStartDegraded
        expr: ${prefix}_cold_start_last_result{result="degraded"} == 1
        for: 30m
        ${labels('warning')}
        annotations: { summary: cold-start rounds are DEGRADED }
      - alert: ColdStartNotGreenForLong
        expr: time() - ${prefix}_cold_start_last_green_timestamp > ${GREEN_AGE_S}
        ${labels('warning')}
        annotations: { summary: no green cold-start round for more than 6 hours }
      - alert: RecoveryCoreNotReady
        expr: ${prefix}_recovery_core_ready == 0
        for: 30m
        ${labels('warning')}
        annotations: { summary: 'services, product data or backups are not green' }
      - alert: RecoveryDrOffsiteNotReady
        expr: ${prefix}_recovery_dr_offsite_ready == 0
        for: 24h
        ${labels('warning')}
        annotations: { summary: off-site copies are not fresh or escrow evidence is missing; a disaster could not be recovered from }
`
}
