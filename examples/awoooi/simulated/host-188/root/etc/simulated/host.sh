# What 188 has besides its servers; sourced with services.sh.
. /etc/simulated/postgres.sh

start_exporters() {
  start_node_exporter /home/ollama/node_exporter_textfiles
  start_postgres_exporter
  daemon redis-exporter prometheus-redis-exporter --redis.addr=redis://127.0.0.1:6380 --web.listen-address=:9121
  daemon nginx-exporter prometheus-nginx-exporter -nginx.scrape-uri=http://127.0.0.1:8081/status -web.listen-address=:9113
  local port
  for port in 9121 9113; do until_port "$port"; done
}
start_postgres_exporter() {
  daemon postgres-exporter env DATA_SOURCE_NAME='postgresql://evidence@127.0.0.1:5432/postgres?sslmode=disable' \
    prometheus-postgres-exporter --web.listen-address=:9187
  until_port 9187
}
start_redis() { daemon redis redis-server --port 6380 --bind 0.0.0.0 --protected-mode no --save '' --dir /run && until_port 6380; }

# What the products have on disk: MOMO's handled intake behind a real rclone, its token, and Stock's own word of its data.
product_files() {
  local archive=/srv/gdrive/當日業績匯入/archive
  mkdir -p "$archive" /home/ollama/momo-pro/config
  head -c 4096 /dev/zero > "$archive/即時業績_當日_$(date +%Y%m%d).xlsx"
  rclone_remote ollama
  echo '{}' > /home/ollama/momo-pro/config/google_token.json
  chmod 600 /home/ollama/momo-pro/config/google_token.json
  chown -R ollama /home/ollama
  chown 100000:100000 /home/ollama/momo-pro/config/google_token.json
  stock_says ok '[]'
  echo '{"status":"ok","version":"V10.701"}' > /srv/momo-health.json
}
stock_says() { echo "{\"status\":\"$1\",\"latest_trading_date\":\"$(date +%F)\",\"blockers\":$2}" > /srv/freshness.json; } # STATUS BLOCKERS

write_textfiles() {
  local job
  {
    echo 'awoooi_backup_health_monitor_up{host="188"} 1'
    for job in momo_pg_daily backup_from_110; do backup_job 188 "$job"; done
    echo "backup_110_last_success_timestamp $(ago 7200)"
  } | textfile /home/ollama/node_exporter_textfiles/backup_health.prom
}
