import { all, blocked, coldStartWarning, type Fault, serviceWarning, warning } from '../fault.ts'

/** 110: registry, monitoring, runners. */
export const OBSERVABILITY_FAULTS: readonly Fault[] = [
  {
    id: 'harbor-502',
    title: 'the registry answers 502',
    on: 'host-110',
    break: `nginx_edit 's/return 401/return 502/'`,
    repair: `nginx_edit 's/return 502/return 401/'`,
    expect: blocked('P0-110-REGISTRY-OBSERVABILITY', all('BLOCKED', 'harbor-110')),
  },
  {
    id: 'sentry-502',
    title: 'Sentry answers 502',
    on: 'host-110',
    break: `nginx_edit 's#return 302 /auth/login/#return 502#'`,
    repair: `nginx_edit 's#return 502#return 302 /auth/login/#'`,
    expect: serviceWarning(all('WARN', 'sentry-110')),
  },
  {
    id: 'prometheus-killed',
    title: 'Prometheus is gone',
    on: 'host-110',
    break: 'pkill -9 -x prometheus; sleep 0.2',
    repair: 'start_prometheus',
    expect: blocked('P0-110-REGISTRY-OBSERVABILITY', { ...all('BLOCKED', 'prometheus-110'), ...all('WARN', 'monitoring-coverage') }),
  },
  {
    id: 'alertmanager-killed',
    title: 'Alertmanager is gone',
    on: 'host-110',
    break: 'pkill -9 -x prometheus-aler; sleep 0.2',
    repair: 'start_alertmanager',
    expect: blocked('P0-110-REGISTRY-OBSERVABILITY', all('BLOCKED', 'alertmanager-110')),
  },
  {
    id: 'runner-watchdog',
    title: 'a runner has its watchdog on',
    on: 'host-110',
    break: 'unit actions.runner.awoooi.service CPUQuotaPerSecUSec=2s MemoryMax=2147483648 WatchdogUSec=3min',
    repair: 'unit actions.runner.awoooi.service CPUQuotaPerSecUSec=2s MemoryMax=2147483648',
    expect: coldStartWarning(all('WARN', 'runner-guardrails-110')),
  },
  {
    id: 'runaway-monitor-stale',
    title: 'the monitor of runaway browsers last wrote an hour ago',
    on: 'host-110',
    break: `hold; touch -d '1 hour ago' $TEXTFILES/host_runaway_process.prom`,
    repair: 'release',
    expect: coldStartWarning(all('WARN', 'runaway-monitor-110')),
  },
  {
    id: 'orphan-browser',
    title: 'a browser runs that nobody started',
    on: 'host-110',
    break: `echo '  4242       1    4242    90000    80000 chrome' > /run/more-processes`,
    repair: 'rm /run/more-processes',
    expect: warning(all('WARN', 'runaway-110')),
  },
  {
    id: 'rule-not-loaded',
    title: 'Prometheus has not loaded one rule',
    on: 'host-110',
    break: `sed -i 's/alert: PostgreSQLDown/alert: PostgreSQLGone/' /etc/simulated/rules.yml; pkill -HUP -x prometheus; sleep 1`,
    repair: `sed -i 's/alert: PostgreSQLGone/alert: PostgreSQLDown/' /etc/simulated/rules.yml; pkill -HUP -x prometheus; sleep 1`,
    expect: coldStartWarning(all('WARN', 'alert-rules-data')),
  },
  {
    id: 'rules-drifted',
    title: 'the rules in use are not the canonical ones',
    on: 'host-110',
    break: 'echo "# by hand" >> /home/wooo/monitoring/alerts.yml',
    repair: 'operator_files',
    expect: coldStartWarning(all('WARN', 'alert-rules-canonical')),
  },
  {
    id: 'alert-firing',
    title: 'Velero has not run, and its alert fires',
    on: 'host-110',
    break: `hold; sed -i 's/velero_latest_completed_backup_fresh 1/velero_latest_completed_backup_fresh 0/' $TEXTFILES/backup_health.prom
      until_query 'ALERTS{alertname="VeleroBackupNotRun",alertstate="firing"}'; sleep 1.5`,
    repair: `release; until_query 'awoooi_velero_latest_completed_backup_fresh == 1'
      for tries in $(seq 100); do curl -s '127.0.0.1:9093/api/v2/alerts?active=true' | grep -q Velero || exit 0; sleep 0.1; done; exit 1`,
    expect: coldStartWarning(all('WARN', 'alerts-quiet', 'velero-110')),
  },
]
