import { MONITOR_RESULTS, type MonitorValues } from './monitor-values.ts'

/** Prefix of an estate's metrics: `awoooi` gives `awoooi_cold_start_…`; what no metric name may hold becomes `_`. */
export function metricPrefix(estateId: string): string {
  const name = estateId.replace(/[^A-Za-z0-9_]/g, '_')
  return /^\d/.test(name) ? `_${name}` : name
}

type Family = { name: string; help: string; samples: readonly (readonly [labels: string, value: number])[] }

/** The node-exporter textfile (Prometheus text format 0.0.4) of one run. Pure. */
export function monitorText(estateId: string, values: MonitorValues): string {
  const prefix = metricPrefix(estateId)
  return families(values)
    .map(({ name, help, samples }) => {
      const full = `${prefix}_${name}`
      return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${samples.map(([labels, value]) => `${full}${labels} ${value}\n`).join('')}`
    })
    .join('')
}

function families(values: MonitorValues): Family[] {
  const one = (name: string, help: string, value: number): Family => ({ name, help, samples: [['', value]] })
  return [
    one('cold_start_monitor_up', 'The last run of the monitor recorded and judged a round (1), or could not (0).', values.up),
    one('cold_start_pass_gates', 'Cold-start checks of the last run that passed.', values.pass),
    one('cold_start_warn_gates', 'Cold-start warnings of the last run.', values.warn),
    one('cold_start_blocked_gates', 'Cold-start blockers of the last run.', values.blocked),
    one('cold_start_last_run_timestamp', 'End of the last run, in seconds since 1970.', values.lastRun),
    one('cold_start_last_green_timestamp', 'Seal of the last round whose cold start was GREEN, in seconds since 1970; 0: none is known.', values.lastGreen),
    {
      name: 'cold_start_last_result',
      help: 'Result of the last run: 1 for the one that holds.',
      samples: MONITOR_RESULTS.map((result) => [`{result="${result}"}`, values.result === result ? 1 : 0]),
    },
    one('recovery_core_ready', 'RECOVERY_CORE_READY of the last run; 0 also where it is not known.', values.coreReady),
    one('recovery_dr_offsite_ready', 'RECOVERY_DR_OFFSITE_READY of the last run; 0 also where it is not known.', values.drOffsiteReady),
  ]
}
