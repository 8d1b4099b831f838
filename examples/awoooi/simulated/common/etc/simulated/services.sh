# How a simulated machine starts real services; sourced by its `init` and `start`, and by faults that start one again.

# A user as Debian would make one, without the seconds that useradd takes. `*` is no password, and not locked.
add_user() { # NAME UID
  id "$1" > /dev/null 2>&1 || {
    echo "$1:x:$2:$2::/home/$1:/bin/bash" >> /etc/passwd
    echo "$1:x:$2:" >> /etc/group
    echo "$1:*:20000:0:99999:7:::" >> /etc/shadow
  }
  mkdir -p "/home/$1" && chown "$2:$2" "/home/$1" && chmod 755 "/home/$1"
}

# Starts a program that stays, its output in /var/log.
daemon() { # NAME COMMAND...
  local name=$1
  shift
  setsid "$@" > "/var/log/$name.log" 2>&1 < /dev/null &
}

# Waits until a TCP port of this machine takes connections.
until_port() { # PORT [ADDRESS]
  local tries
  for tries in $(seq 400); do
    (exec 3<> "/dev/tcp/${2:-127.0.0.1}/$1") 2> /dev/null && return
    sleep 0.05
  done
  echo "nothing listens on port $1" >&2
  return 1
}

start_sshd() { # HOST-NAME
  cp "/etc/simulated/keys/$1" /etc/ssh/simulated_host_key
  chmod 600 /etc/ssh/simulated_host_key
  cat > /etc/ssh/simulated_sshd_config <<'END'
Port 22
HostKey /etc/ssh/simulated_host_key
AuthorizedKeysFile /etc/simulated/operator_key.pub
PermitRootLogin no
PasswordAuthentication no
UsePAM no
StrictModes no
UseDNS no
PrintMotd no
Subsystem sftp internal-sftp
MaxStartups 50
PidFile /run/sshd.pid
SetEnv PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
END
  start_ssh_again
}
start_ssh_again() {
  /usr/sbin/sshd -f /etc/ssh/simulated_sshd_config -E /var/log/sshd.log
  until_port 22
}

# A systemd unit, known to the stand-in `systemctl`; more properties as KEY=VALUE.
unit() { # NAME [KEY=VALUE...]
  mkdir -p /run/units
  local name=$1
  shift
  {
    # The first of a key counts.
    [ $# -eq 0 ] || printf '%s\n' "$@"
    printf '%s\n' LoadState=loaded ActiveState=active SubState=running Result=success UnitFileState=enabled NRestarts=0 \
      CPUQuotaPerSecUSec=infinity MemoryMax=infinity WatchdogUSec=0 "Description=$name"
  } | awk -F= '!seen[$1]++' > "/run/units/$name"
}

# A running container, known to the stand-in `docker`.
container() { # NAME [HEALTH]
  mkdir -p /run/containers
  printf '{"name":"/%s","status":"running","exit_code":0,"oom_killed":false,"started_at":"%s","restarts":0,"health":%s}\n' \
    "$1" "$(date -u -d '2 days ago' +%Y-%m-%dT%H:%M:%S.000000000Z)" "${2:-null}" > "/run/containers/$1.json"
  echo "$1: ready" > "/run/containers/$1.log"
}

# The real node-exporter, for the textfiles of a folder alone.
start_node_exporter() { # FOLDER
  daemon node-exporter prometheus-node-exporter --web.listen-address=:9100 --collector.disable-defaults \
    --collector.textfile --collector.textfile.directory="$1"
  until_port 9100
}

# The remote `gdrive` of a user's real rclone: a folder of this machine.
rclone_remote() { # USER
  mkdir -p "/home/$1/.config/rclone"
  printf '[gdrive]\ntype = alias\nremote = /srv/gdrive\n' > "/home/$1/.config/rclone/rclone.conf"
}

# The metrics of a file for node-exporter, written at once.
textfile() { # FILE < metrics
  mkdir -p "$(dirname "$1")"
  cat > "$1.$$" && chmod 644 "$1.$$" && mv "$1.$$" "$1"
}
ago() { echo $(($(date +%s) - $1)); } # SECONDS: that many seconds ago, in Unix time

kernel_log() { echo 'EXT4-fs (vda1): mounted filesystem with ordered data mode' > /var/log/kernel.log; }

# The real cron. The operator's crontabs are in /etc/simulated/crontabs, a file a user.
start_cron() {
  local file
  for file in /etc/simulated/crontabs/*; do
    [ -e "$file" ] || continue
    install -m 600 -o "$(basename "$file")" "$file" "/var/spool/cron/crontabs/$(basename "$file")"
  done
  cron
}

# Changes what this machine's nginx answers, with a sed script, and waits until it does.
nginx_edit() { # SCRIPT [FILE]
  sed -i "$1" "${2:-/etc/simulated/nginx.conf}" && nginx_reload
}
nginx_reload() { nginx -c /etc/simulated/nginx.conf -s reload && sleep 0.5; }
start_nginx() { nginx -c /etc/simulated/nginx.conf && until_port 80; }

# Metrics of one backup job in good order.
backup_job() { # HOST JOB
  local what
  for what in 'fresh 1' 'failed_count 0' 'configured 1' 'script_present 1'; do
    echo "awoooi_backup_job_${what% *}{host=\"$1\",job=\"$2\"} ${what#* }"
  done
}

# The exporters of the estate write each minute. `hold` stops them, so that a fault in their files stays.
keep_textfiles() {
  write_textfiles
  (while sleep 60; do [ -e /run/hold ] || write_textfiles; done) > /dev/null 2>&1 &
}
hold() { touch /run/hold; }
release() { rm -f /run/hold && write_textfiles; }

[ ! -e /etc/simulated/host.sh ] || . /etc/simulated/host.sh
