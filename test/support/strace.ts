import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** System calls that can change a machine. Each is looked at; what is no change (a pipe, /dev/null) is then left out. */
const CALLS = [
  ...['open', 'openat', 'openat2', 'creat', 'mkdir', 'mkdirat', 'rmdir', 'unlink', 'unlinkat', 'rename', 'renameat', 'renameat2', 'link', 'linkat'],
  ...['symlink', 'symlinkat', 'mknod', 'mknodat', 'chmod', 'fchmod', 'fchmodat', 'chown', 'fchown', 'lchown', 'fchownat', 'truncate', 'ftruncate'],
  ...['fallocate', 'utime', 'utimes', 'utimensat', 'futimesat', 'setxattr', 'lsetxattr', 'fsetxattr', 'removexattr', 'lremovexattr', 'fremovexattr'],
  ...['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'sendfile', 'copy_file_range', 'splice', 'io_uring_setup', 'mount', 'umount2', 'pivot_root'],
  ...['reboot', 'sethostname', 'setdomainname', 'settimeofday', 'clock_settime', 'adjtimex', 'kill', 'ptrace', 'init_module', 'finit_module'],
  ...['delete_module', 'swapon', 'swapoff', 'bpf', 'setpriority', 'ioprio_set', 'sched_setaffinity'],
]

/** What a traced command tried to change, one system call a line, and how it ended. */
export type Traced = { exitCode: number | null; changes: string[] }

export const STRACE = ['/usr/bin/strace', '/bin/strace'].find((path) => existsSync(path))

/**
 * Runs a command under strace with all its children, as the user nobody where we are root, in an environment and a
 * folder that hold nothing. An attempt counts as a change also where the kernel refused it.
 */
export function traceCommand(argv: readonly string[]): Traced {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-strace-'))
  const log = join(dir, 'log')
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  try {
    const args = ['-f', '-q', '-y', '-s', '256', '-e', `trace=${CALLS.map((call) => `?${call}`).join(',')}`, '-o', log, ...user, '--', ...argv]
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', HOME: '/nonexistent' }
    const { status } = spawnSync(STRACE ?? 'strace', args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 })
    return { exitCode: status, changes: readFileSync(log, 'utf8').split('\n').filter(isChange) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const HARMLESS_TARGET = /^(?:\/dev\/(?:null|tty|pts\/\d+)|pipe:\[|socket:\[|UNIX|TCP|UDP|NETLINK|anon_inode:)/u

/** Lines are `pid call(args) = result`; `-y` writes what a descriptor is behind it: `write(1<pipe:[42]>, …)`. */
export function isChange(line: string): boolean {
  const match = /^(?:\d+ +)?([a-z0-9_]+)\((.*)$/u.exec(line)
  if (match === null) return false
  const [, call = '', args = ''] = match
  if (/^(?:open|openat|openat2)$/u.test(call)) {
    const path = /"((?:[^"\\]|\\.)*)"/u.exec(args)?.[1] ?? ''
    return /O_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)/u.test(args) && !HARMLESS_TARGET.test(path)
  }
  if (/^(?:write|pwrite64|writev|pwritev|pwritev2|sendfile|copy_file_range|splice)$/u.test(call)) {
    const descriptors = [...args.matchAll(/(?:^|, )\d+<([^>]*)>/gu)].map((one) => one[1] ?? '')
    // The target is the first descriptor, and the second of the two calls that copy from the first.
    const target = (call === 'copy_file_range' || call === 'splice' ? descriptors[1] : descriptors[0]) ?? ''
    return !HARMLESS_TARGET.test(target)
  }
  return true
}
