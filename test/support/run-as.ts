import { execFileSync } from 'node:child_process'

/** Servers that refuse to run as root are run as `name` there; elsewhere as whoever runs the tests. */
export function runAs(name: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
