# The real PostgreSQL of 188: made anew each time, without waiting for the disk.
PG=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
start_postgres() {
  install -d -o postgres /srv/postgres /run/postgresql /var/log/postgresql
  runuser -u postgres -- "$PG/initdb" -D /srv/postgres --no-sync --auth=trust -E UTF8 --locale=C.UTF-8 > /dev/null
  cat >> /srv/postgres/postgresql.conf <<'END'
listen_addresses = '*'
unix_socket_directories = '/run/postgresql'
fsync = off
shared_buffers = 16MB
END
  echo 'host all evidence 0.0.0.0/0 trust' >> /srv/postgres/pg_hba.conf
  start_postgres_again
  runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1 -h /run/postgresql -f /etc/simulated/products.sql
}
start_postgres_again() {
  runuser -u postgres -- "$PG/pg_ctl" -D /srv/postgres -w -l /var/log/postgresql/postgresql-14-main.log start > /dev/null
  chmod 644 /var/log/postgresql/postgresql-14-main.log
}
