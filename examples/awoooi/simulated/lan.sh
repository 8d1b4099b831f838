#!/bin/bash
# The operator's machine and the LAN it stands in. Runs as the first process of network, mount and process namespaces
# of its own (see simulated.ts): when it ends, everything it started and mounted is gone.
#
#   lan.sh WORLD HOSTS    WORLD: folder for keys, certificates and the operator's files
#                         HOSTS: lines of NAME ADDRESS FOLDER
# Writes WORLD/lan.up when the last host answers, or WORLD/lan.failed with the reason.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
world=$1 hosts=$2
trap 'echo "lan.sh line $LINENO: $BASH_COMMAND (see $world/lan.log)" > "$world/lan.failed"' ERR
exec > "$world/lan.log" 2>&1

mount -t tmpfs -o mode=755,size=3g simulated /mnt
ip link set lo up
ip link add lan0 type bridge
ip address add 192.168.0.10/24 dev lan0
ip link set lan0 up
# Names as the operator's resolver gives them.
cp "$world/hosts" /mnt/hosts && mount --bind /mnt/hosts /etc/hosts
# Where the estate looks for escrow markers, without a folder of that name on the real machine.
mkdir -p /mnt/lib/upper /mnt/lib/work "$world/markers"
mount -t overlay -o lowerdir=/var/lib,upperdir=/mnt/lib/upper,workdir=/mnt/lib/work overlay /var/lib
mkdir -p /var/lib/evidence-ledger/escrow
mount --bind "$world/markers" /var/lib/evidence-ledger/escrow

while read -r name address folder; do
  mkdir -p "/mnt/$name"
  SIMULATED_WORLD=$world unshare --net --mount --pid --uts --ipc --time --boottime 180000 --fork \
    bash "$here/host.sh" "$name" "/mnt/$name" "$folder" > "$world/$name.log" 2>&1 &
  until [ -s "/mnt/$name/pid" ]; do sleep 0.02; done
  pid=$(cat "/mnt/$name/pid")
  ip link add "v-$name" type veth peer name eth0 netns "$pid"
  ip link set "v-$name" master lan0 up
  nsenter -t "$pid" -n ip address add "$address/24" dev eth0
  nsenter -t "$pid" -n ip link set eth0 up
  nsenter -t "$pid" -n ip link set lo up
  touch "/mnt/$name/network"
done < "$hosts"

ssh-agent -a "$world/agent" > /dev/null
SSH_AUTH_SOCK=$world/agent ssh-add -q "$world/operator_key"

while read -r name _ _; do
  until [ -e "/mnt/$name/up" ]; do
    [ ! -e "/mnt/$name/failed" ] || { echo "$name did not start: see $world/$name.log" > "$world/lan.failed"; exit 1; }
    sleep 0.05
  done
done < "$hosts"
touch "$world/lan.up"
# The first process reaps what the others leave behind, and ends with the folder.
while [ -d "$world" ]; do sleep 5 & wait $!; done
