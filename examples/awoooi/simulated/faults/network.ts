import { all, blocked, coldStartWarning, type Fault, failed } from '../fault.ts'

/** Puts a program in front of the real one: what it tells cannot be so on one host of this machine alone. */
const stand = (name: string, script: string): string =>
  `printf '%s\\n' '#!/bin/sh' ${quoted(script)} > /usr/local/bin/${name}; chmod 755 /usr/local/bin/${name}`
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Machines that are off, and machines that answer but not as they should. */
export const NETWORK_FAULTS: readonly Fault[] = [
  {
    id: 'host-120-off',
    title: '120 is off the network',
    on: 'operator',
    break: 'ip link set v-host-120 down',
    repair: 'ip link set v-host-120 up; ping -q -c 1 -w 5 192.168.0.120 > /dev/null',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'ping-120', 'ssh-120', 'host-120-ready')),
  },
  {
    id: 'sshd-killed-121',
    title: 'sshd of 121 is gone',
    on: 'host-121',
    break: 'pkill -x sshd',
    repair: 'start_ssh_again',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'ssh-121', 'host-121-ready')),
  },
  {
    id: 'sshd-hung-120',
    title: 'sshd of 120 hangs: its port takes connections and says nothing',
    on: 'host-120',
    break: 'pkill -STOP -x sshd',
    repair: 'pkill -CONT -x sshd',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'host-120-ready')),
  },
  {
    id: 'host-key-swapped-121',
    title: '121 answers with another host key',
    on: 'host-121',
    break: 'pkill -x sshd; rm /etc/ssh/simulated_host_key; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/simulated_host_key; start_ssh_again',
    repair: 'pkill -x sshd; start_sshd host-121',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'host-121-ready')),
  },
  {
    id: 'operator-locked-out-188',
    title: '188 no longer takes the operator’s key',
    on: 'host-188',
    break: 'mv /etc/simulated/operator_key.pub /etc/simulated/operator_key.away',
    repair: 'mv /etc/simulated/operator_key.away /etc/simulated/operator_key.pub',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'host-188-ready')),
  },
  {
    id: 'disk-full-110',
    title: 'the disk of 110 is nearly full',
    on: 'host-110',
    break: 'fallocate -l 180M /filler',
    repair: 'rm /filler',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'host-110-ready')),
  },
  {
    id: 'inodes-gone-110',
    title: 'the disk of 110 has space, and no inode for a file',
    on: 'host-110',
    break: stand('df', `/usr/bin/df "$@" | awk -v i="$1" 'i == "-iPT" && $NF == "/" { $4 = $3; $5 = 0; $6 = "100%" } 1'`),
    repair: 'rm /usr/local/bin/df',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'host-110-ready')),
  },
  {
    id: 'clock-ahead-121',
    title: 'the clock of 121 is an hour ahead',
    on: 'host-121',
    break: stand('tail', `/usr/bin/tail "$@" | awk '$1 == "btime" { $2 += 3600 } 1'`),
    repair: 'rm /usr/local/bin/tail',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'host-121-ready')),
  },
  {
    id: 'unit-failed-120',
    title: 'a unit of 120 failed',
    on: 'host-120',
    break: failed('certbot.service'),
    repair: 'rm /run/units/certbot.service',
    expect: blocked('P0-NETWORK', all('BLOCKED', 'host-120-ready')),
  },
  {
    id: 'trust-lost-110',
    title: '110 has forgotten the host key of 120',
    on: 'host-110',
    break: 'sed -i /192.168.0.120/d /home/wooo/.ssh/known_hosts',
    repair: 'operator_files',
    expect: coldStartWarning(all('WARN', 'ssh-trust-110')),
  },
]
