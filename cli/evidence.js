#!/usr/bin/env node
// The launcher, in plain JavaScript: any Node from 14 on can read it. It makes sure that the pinned Node runs the
// program, then turns on the compile cache before anything else is imported (imports above it would not be cached).
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const WANTED = 24
const pinned = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))

if (Number(process.versions.node.split('.')[0]) === WANTED) {
  if (module.enableCompileCache) module.enableCompileCache()
  const { main } = await import('./main.ts')
  await main(process.argv)
} else if (existsSync(pinned)) {
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // Signals of the terminal reach the child by themselves; those sent to this process alone are handed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // A child that a signal ended gave no answer: could not tell.
  child.on('exit', (code) => process.exit(code === null ? 3 : code))
  child.on('error', () => process.exit(3))
} else {
  console.error(
    `evidence: runtime_missing: this program needs Node ${WANTED}; this is Node ${process.versions.node}\n  run "npm ci" in ${fileURLToPath(new URL('..', import.meta.url))}: it installs the right one beside the program`,
  )
  process.exit(3)
}
