import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const hasRestic = existsSync('/usr/bin/restic') && existsSync('/usr/bin/rclone')

/** Real restic repositories and their mirror through a real rclone; the "remote" is an alias of another folder. */
export type BackupStore = {
  dir: string
  local: string
  mirror: string
  remote: string
  passwordFile: string
  rcloneConfig: string
  init: (repository: string) => void
  backup: (repository: string, time?: string) => void
  /** Leaves only the latest snapshot. */
  forget: (repository: string) => void
  sync: () => void
  remove: () => void
}

export function makeBackupStore(): BackupStore {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-offsite-'))
  const [local, mirror, passwordFile, rcloneConfig] = [join(dir, 'backup'), join(dir, 'mirror'), join(dir, 'password'), join(dir, 'rclone.conf')]
  for (const folder of [local, mirror]) mkdirSync(folder)
  writeFileSync(passwordFile, 'only of this test')
  writeFileSync(join(dir, 'data'), 'something to keep')
  writeFileSync(rcloneConfig, `[gdrive]\ntype = alias\nremote = ${mirror}\n`)
  const run = (file: string, args: string[]): void => {
    execFileSync(file, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH ?? '', HOME: dir } })
  }
  const restic = (repository: string, ...args: string[]): void =>
    run('restic', ['-r', join(local, repository), '--password-file', passwordFile, '--no-cache', '-q', ...args])
  return {
    ...{ dir, local, mirror, remote: 'gdrive:', passwordFile, rcloneConfig },
    init: (repository) => restic(repository, 'init'),
    backup: (repository, time) => restic(repository, 'backup', ...(time === undefined ? [] : ['--time', time]), join(dir, 'data')),
    forget: (repository) => restic(repository, 'forget', '--keep-last', '1', '--prune'),
    sync: () => run('rclone', ['--config', rcloneConfig, 'sync', local, 'gdrive:']),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
