#!/bin/bash
# One machine: a root of its own over the real one, its own processes, network, name, clock since boot and boot id.
#
#   host.sh NAME WORK FOLDER    WORK: empty folder on a tmpfs; FOLDER: what makes this machine: `root/`, laid over the
#                               file system, and `start`, which starts its services and ends when they answer
set -euo pipefail
name=$1 work=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
trap 'echo "host.sh line $LINENO: $BASH_COMMAND"' ERR
# Also where the exec at the end finds nothing to run.
trap 'touch "$work/failed"' EXIT

# As the machine before this one counts: /proc is still its own.
read -r pid _ < /proc/self/stat && echo "$pid" > "$work/pid.new" && mv "$work/pid.new" "$work/pid"
hostname "$name"
# A disk of its own, so that it can be full alone.
mkdir "$work/disk" "$work/root"
mount -t tmpfs -o size=200m tmpfs "$work/disk"
mkdir "$work/disk/upper" "$work/disk/work"
mount -t overlay -o "lowerdir=/,upperdir=$work/disk/upper,workdir=$work/disk/work" overlay "$work/root"
root=$work/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs -o ro sysfs "$root/sys"
# Nothing of the real machine's users, logs and schedules belongs to this one.
for empty in run tmp home root var/log var/tmp etc/cron.d var/spool/cron srv; do
  mkdir -p "$root/$empty" && mount -t tmpfs -o mode=755 tmpfs "$root/$empty"
done
chmod 1777 "$root/tmp" "$root/var/tmp"
mkdir -p "$root/var/spool/cron/crontabs" "$root/run/sshd" "$root/run/lock" "$root/run/systemd/system"
chgrp crontab "$root/var/spool/cron/crontabs" && chmod 1730 "$root/var/spool/cron/crontabs"
: > "$root/etc/crontab"

# A boot of its own, and a machine that is not busy whatever the real one does.
cat /proc/sys/kernel/random/uuid > "$work/boot_id"
mount --bind "$work/boot_id" "$root/proc/sys/kernel/random/boot_id"
echo '0.10 0.12 0.09 1/200 4242' > "$work/loadavg"
mount --bind "$work/loadavg" "$root/proc/loadavg"

cp -a "$here/common/." "$root/"
cp -a "$folder/root/." "$root/"
mkdir -p "$root/etc/simulated"
cp "$folder/start" "$here/init" "$root/etc/simulated/"
cp -a "$SIMULATED_WORLD/given/." "$root/etc/simulated/"
cp "$SIMULATED_WORLD/hosts" "$root/etc/hosts"
chown -R root:root "$root/etc/simulated"

until [ -e "$work/network" ]; do sleep 0.02; done
mkdir -p "$root/run/simulated" && mount --bind "$work" "$root/run/simulated"
exec chroot "$root" /bin/bash /etc/simulated/init "$name"
