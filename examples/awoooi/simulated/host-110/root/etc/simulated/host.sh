# What 110 has besides its servers; sourced with services.sh.
TEXTFILES=/home/wooo/node_exporter_textfiles
REPOSITORIES='gitea momo harbor awoooi langfuse monitoring signoz open-webui clawbot ai-artifacts configs sentry stockplatform'
BACKUP_JOBS='gitea momo harbor awoooi_db langfuse monitoring signoz open_webui clawbot ai_artifacts configs sentry stockplatform'

start_prometheus() {
  daemon prometheus prometheus --config.file=/etc/simulated/prometheus.yml --storage.tsdb.path=/srv/prometheus --web.listen-address=:9090 --web.enable-lifecycle
  until_port 9090
}
start_alertmanager() {
  daemon alertmanager prometheus-alertmanager --config.file=/etc/simulated/alertmanager.yml --storage.path=/srv/alertmanager --cluster.listen-address=
  until_port 9093
}
start_monitoring() {
  start_alertmanager
  start_prometheus
  start_node_exporter "$TEXTFILES"
  until_query 'awoooi_recovery_core_ready == 1'
}
# Waits until the real Prometheus answers a query with something.
until_query() { # QUERY
  local tries
  for tries in $(seq 300); do
    curl -sfG --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query | grep -q '"result":\[{' && return
    sleep 0.1
  done
  echo "Prometheus never said $1" >&2
  return 1
}

# Waits until Prometheus, since it started or read its files again, has found every target up and evaluated every rule, and
# has its Alertmanager, which it looks for only every five seconds.
until_all_up() {
  local tries up rules alertmanagers
  for tries in $(seq 300); do
    up=$(prometheus_api 'targets?state=active' | grep -o '"health":"up"' | wc -l) || :
    rules=$(prometheus_api rules) || :
    alertmanagers=$(prometheus_api alertmanagers) || :
    grep -q '^alerting' /etc/simulated/prometheus.yml || alertmanagers=not-wanted
    case $up:$alertmanagers:$rules in
      *'"health":"unknown"'* | *'"activeAlertmanagers":[]'*) ;;
      6:?*:*'"health":"ok"'*) return ;;
    esac
    sleep 0.1
  done
  echo 'Prometheus has not all its targets, rules and its Alertmanager' >&2
  return 1
}
prometheus_api() { curl -sf "http://127.0.0.1:9090/api/v1/$1"; } # PATH
# The answer comes when the files are read.
reload_prometheus() { curl -sf -X POST http://127.0.0.1:9090/-/reload && until_all_up; }

# Keys of other hosts that 110 trusts, those of deploys apart; what is rolled out from the repository; rules twice.
operator_files() {
  local host
  mkdir -p /home/wooo/.ssh /home/wooo/monitoring /backup/offsite
  for host in 120 188; do echo "192.168.0.$host $(cat "/etc/simulated/keys/host-$host.pub")"; done > /home/wooo/.ssh/known_hosts
  : > /home/wooo/.ssh/deploy_known_hosts
  cp /etc/simulated/deploy/systemd/evidence-monitor-once.* /etc/systemd/system/
  cp /etc/simulated/deploy/monitor-rules.yml /home/wooo/monitoring/evidence-monitor-rules.yml
  cp /etc/simulated/rules.yml /home/wooo/monitoring/alerts.yml
  cp /etc/simulated/rules.yml /home/wooo/monitoring/alerts-unified.canonical.yml
  touch /backup/offsite/enable-rclone-sync /backup/offsite/full-verify-ok
}

# A real restic repository as each of the estate's, and their mirror through a real rclone whose remote is a folder.
make_backups() {
  local name
  mkdir -p /backup/scripts /srv/gdrive/awoooi-backup
  install -m 600 /etc/simulated/restic-password /backup/scripts/.restic-password
  rclone_remote wooo
  for name in $REPOSITORIES; do
    cp -a /etc/simulated/repository "/backup/$name"
    cp -a /etc/simulated/repository "/srv/gdrive/awoooi-backup/$name"
  done
  chown -R wooo /backup /home/wooo /srv/gdrive
}

write_textfiles() {
  local name
  {
    echo 'awoooi_host_runaway_process_monitor_up{host="110"} 1'
    echo 'awoooi_host_runaway_browser_orphan_group_count{host="110"} 0'
    echo 'awoooi_host_runaway_process_remediation_authorized{host="110"} 0'
  } | textfile "$TEXTFILES/host_runaway_process.prom"
  for name in docker_containers systemd_units storage_health; do echo "awoooi_${name}_up 1" | textfile "$TEXTFILES/$name.prom"; done
  {
    echo 'awoooi_backup_health_monitor_up{host="110"} 1'
    for name in $BACKUP_JOBS; do backup_job 110 "$name"; done
    echo 'awoooi_backup_config_capture_ok{host="110"} 1'
    echo 'awoooi_backup_integrity_fresh{host="110"} 1'
    echo "awoooi_backup_all_last_success_timestamp{host=\"110\"} $(ago 14400)"
    echo 'awoooi_velero_monitor_up 1'
    echo 'awoooi_velero_latest_completed_backup_fresh 1'
  } | textfile "$TEXTFILES/backup_health.prom"
  {
    echo 'awoooi_backup_offsite_remote_verify_ok 1'
    echo 'awoooi_backup_offsite_full_verify_fresh 1'
  } | textfile "$TEXTFILES/offsite_full_sync_verify.prom"
  echo 'awoooi_prometheus_rule_drift 0' | textfile "$TEXTFILES/prometheus_rule_drift_guard.prom"
  {
    echo 'awoooi_cold_start_monitor_up 1'
    echo "awoooi_cold_start_last_run_timestamp $(date +%s)"
    echo 'awoooi_cold_start_blocked_gates 0'
    echo 'awoooi_recovery_core_ready 1'
  } | textfile "$TEXTFILES/cold_start_recovery.prom"
}
