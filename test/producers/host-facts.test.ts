import { describe, expect, it } from 'vitest'
import {
  splitFiles,
  toBootId,
  toBootTime,
  toClockAhead,
  toCpus,
  toDisks,
  toKernel,
  toListedUnits,
  toLoad,
  toMemory,
  toReadonlyMounts,
  toSystemState,
  toUptime,
  withInodes,
} from '../../producers/probes/host-facts.ts'

const STAT =
  'cpu  5502 0 3301 236681 1420 0 71 22 0 0\ncpu0 2773 0 1680 118340 707 0 36 11 0 0\ncpu1 2729 0 1621 118341 713 0 35 11 0 0\nintr 348084 0 0\nctxt 7\nbtime 1795215237\nprocesses 5097'

/** A server: root on LVM, a disk the kernel made read-only, a read-only bind mount of a healthy one, a snap, a CD. */
const MOUNTINFO = `22 28 0:20 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw,errors=remount-ro
31 28 8:17 / /data rw,relatime shared:2 - ext4 /dev/sdb1 ro,errors=remount-ro
32 28 8:33 /pub /srv/with\\040space ro,relatime shared:3 - xfs /dev/sdc1 rw,attr2,inode64
33 28 8:49 / /old\\134disk ro,relatime shared:4 - ext3 /dev/sdd1 ro
34 28 7:1 / /snap/core/1 ro,nodev,relatime shared:5 - squashfs /dev/loop1 ro
35 28 7:2 / /mnt/image ro,relatime shared:6 - ext4 /dev/loop2 ro
36 28 11:0 / /media/cd ro,relatime shared:7 - iso9660 /dev/sr0 ro
37 28 0:50 / /run/thing ro,relatime master:3 propagate_from:2 - tmpfs tmpfs ro`

const DF = `Filesystem           Type      1024-blocks      Used  Available Capacity Mounted on
udev                 devtmpfs      8146736         0    8146736       0% /dev
tmpfs                tmpfs         1635636      1836    1633800       1% /run
/dev/mapper/vg-root  ext4        102626232  71234056   26136912      74% /
/dev/sdb1            xfs         976273804 975273804    1000000     100% /data/my files
/dev/sdb1            xfs         976273804 975273804    1000000     100% /var/lib/bind
/dev/loop1           squashfs        64896     64896          0     100% /snap/core/1
overlay              overlay     102626232  71234056   26136912      74% /var/lib/docker/overlay2/a/merged
overlay              overlay     102626232  71234056   26136912      74% /var/lib/docker/overlay2/b/merged
nas:/export/a very long/path nfs4  1000       900      -100     111% /mnt/nas
/dev/sda1            vfat           523244      5992     517252       2% /boot/efi
none                 ext4                0         0          0        - /odd
`

describe('host facts', () => {
  it('splits what tail prints, also with a file missing', () => {
    const files = splitFiles('==> /proc/uptime <==\n1.5 2.5\n\n==> /proc/stat <==\ncpu0 1\nbtime 5\n')
    expect([...files]).toEqual([
      ['/proc/uptime', '1.5 2.5'],
      ['/proc/stat', 'cpu0 1\nbtime 5'],
    ])
    expect(splitFiles('').size).toBe(0)
    expect(splitFiles('tail: something else').size).toBe(0)
  })

  it('reads boot, processors, load and kernel', () => {
    expect(toBootTime(STAT)).toBe('2026-11-20T22:53:57.000Z')
    expect(toCpus(STAT)).toBe(2)
    expect(toBootId('5578c777-a8df-43c7-bea0-567eee60629a\n')).toBe('5578c777-a8df-43c7-bea0-567eee60629a')
    expect(toUptime('1238.30 2391.14')).toBe(1238.3)
    expect(toLoad('5.83 7.26 5.77 3/1024 99')).toEqual([5.83, 7.26, 5.77])
    expect(toKernel('6.18.44-fc-v669\n')).toBe('6.18.44-fc-v669')
  })

  it('gives null for what is not there or not what it should be', () => {
    for (const text of [undefined, '', 'nonsense', 'btime x', 'btime 0']) {
      expect([toBootTime(text), toCpus(text), toUptime(text), toLoad(text)]).toEqual([null, null, null, null])
      expect(toMemory(text)).toEqual({ memory: null, swap: null })
    }
    expect(toReadonlyMounts(undefined)).toBeNull()
    expect(withInodes(null, 'x')).toBeNull()
    expect(toClockAhead(null, 1, new Date())).toBeNull()
    expect(toClockAhead('2026-06-27T04:00:00.000Z', null, new Date())).toBeNull()
    expect(toReadonlyMounts('')).toBeNull()
    expect(toDisks('', [])).toBeNull()
    expect(toBootId('not an id')).toBeNull()
  })

  it('reads memory and swap in bytes', () => {
    const text = 'MemTotal:       24684084 kB\nMemFree:        1 kB\nMemAvailable:   24278588 kB\nSwapTotal:       1000 kB\nSwapFree:         250 kB'
    expect(toMemory(text)).toEqual({
      memory: { total_bytes: 25276502016, available_bytes: 24861274112 },
      swap: { total_bytes: 1024000, used_bytes: 768000 },
    })
    expect(toMemory('MemTotal: 5 kB\nMemFree: 5 kB').memory).toBeNull()
  })

  it('finds file systems that are read-only themselves, and no chosen read-only view of one', () => {
    expect(toReadonlyMounts(MOUNTINFO)).toEqual(['/data', '/old\\disk'])
  })

  it.each(['rw,emergency_ro,errors=remount-ro', 'rw,shutdown', 'ro'])('finds a disk that a kernel closed and shows as %s', (options) => {
    expect(toReadonlyMounts(`28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda ${options}`)).toEqual(['/'])
  })

  it('finds how many files a disk still takes', () => {
    const inodes = `Filesystem Type Inodes IUsed IFree IUse% Mounted on
/dev/mapper/vg-root ext4 6529024 6529024 0 100% /
/dev/sdb1 btrfs 0 0 0 - /data/my files
/dev/sdc1 vfat - - - - /boot/efi
`
    const seen = withInodes(toDisks(DF, []), inodes)?.map((disk) => [disk.mount, disk.inodes])
    expect(seen).toEqual([
      ['/', { total: 6529024, available: 0 }],
      ['/data/my files', { total: 0, available: 0 }],
      ['/var/lib/docker/overlay2/a/merged', null],
      ['/mnt/nas', null],
      ['/boot/efi', { total: 0, available: 0 }],
    ])
    expect(withInodes(toDisks(DF, []), null)?.every((disk) => disk.inodes === null)).toBe(true)
  })

  it('compares the clock with ours', () => {
    const now = new Date('2026-06-27T04:00:00.000Z')
    expect(toClockAhead('2026-06-27T03:00:00.000Z', 3600.4, now)).toBe(0)
    expect(toClockAhead('2026-06-27T03:00:00.000Z', 7200, now)).toBe(3600)
    expect(toClockAhead('2026-06-27T03:00:00.000Z', 60, now)).toBe(-3540)
  })

  it('keeps storage once a device, and every declared mount', () => {
    const mounts = (declared: string[]) => toDisks(DF, declared)?.map((disk) => disk.mount)
    expect(mounts([])).toEqual(['/', '/data/my files', '/var/lib/docker/overlay2/a/merged', '/mnt/nas', '/boot/efi'])
    expect(mounts(['/var/lib/bind'])).toContain('/var/lib/bind')
    expect(toDisks(DF, [])?.[0]).toEqual({ mount: '/', fstype: 'ext4', total_bytes: 102626232 * 1024, available_bytes: 26136912 * 1024 })
    expect(toDisks(DF, [])?.find((disk) => disk.mount === '/mnt/nas')?.available_bytes).toBe(0)
  })

  it('reads systemd', () => {
    expect(toListedUnits('certbot.service loaded failed failed Certbot\npostgresql@14-main.service loaded failed failed PG\n')).toEqual([
      'certbot.service',
      'postgresql@14-main.service',
    ])
    expect(toListedUnits('● snap.certbot.renew.service loaded failed failed x\n')).toEqual(['snap.certbot.renew.service'])
    expect(toListedUnits('')).toEqual([])
    expect(toSystemState('degraded\n')).toBe('degraded')
    expect(toSystemState('')).toBeNull()
    expect(toSystemState('Failed to connect to bus: No such file')).toBeNull()
  })
})
