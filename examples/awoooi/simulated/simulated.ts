import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { FAULTS } from './faults.ts'
import { HOSTS, type HostName } from './machines.ts'
import { asOperator, missingParts, runOn, startSimulatedEstate, stopSimulatedEstate } from './simulated-estate.ts'

const USAGE = `Usage: simulated [--dir DIR] COMMAND

The AWOOOI estate on this machine alone: four hosts in namespaces, the estate file as it is, real servers where a Debian
package has them. Needs root. DIR (default /var/tmp/evidence-simulated) keeps the operator's files and the rounds.

Commands:
  up                    start it; then every round looks at it
  evidence WORD...      run evidence as the operator, in DIR
  on MACHINE SCRIPT     run a shell script as root on operator, ${HOSTS.map(({ name }) => name).join(', ')}
  faults                what can be broken, and what a round must then say
  break FAULT           break one thing
  repair FAULT          put it right again
  down                  end every process of it; DIR stays

Examples:
  simulated up
  simulated evidence round run --estate estate.yaml --send-alert-test
  simulated break redis-killed
  simulated on host-188 'ps ax'
`

type Command = (dir: string, words: string[]) => Promise<number> | number

const COMMANDS: Readonly<Record<string, Command>> = {
  up: async (dir) => {
    const missing = missingParts()
    if (missing !== null) return usageError(`this machine ${missing}`)
    mkdirSync(dir, { recursive: true })
    await startSimulatedEstate(dir)
    console.log(`up: ${HOSTS.map(({ name, address }) => `${name} ${address}`).join(', ')}; files in ${dir}`)
    return 0
  },
  evidence: (dir, words) => {
    const { words: before, env } = asOperator(dir)
    const [program = '', ...rest] = [...before, ...words]
    return spawnSync(program, rest, { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 3
  },
  on: (dir, [machine = '', ...script]) => {
    if (machine !== 'operator' && !HOSTS.some(({ name }) => name === machine)) return usageError(`no machine ${machine}`)
    const { stdout, stderr, status } = runOn(dir, machine as HostName, script.join(' '))
    process.stdout.write(stdout)
    process.stderr.write(stderr)
    return status ?? 3
  },
  faults: () => {
    for (const { id, title, expect } of FAULTS) console.log(`${id.padEnd(32)} ${title}: ${Object.keys(expect.checks).join(', ')}`)
    return 0
  },
  break: (dir, [id = '']) => change(dir, id, 'break'),
  repair: (dir, [id = '']) => change(dir, id, 'repair'),
  down: (dir) => {
    stopSimulatedEstate(dir)
    return 0
  },
}

function change(dir: string, id: string, what: 'break' | 'repair'): number {
  const fault = FAULTS.find((one) => one.id === id)
  if (fault === undefined) return usageError(`no fault ${id}; \`faults\` lists them`)
  const { stderr, status } = runOn(dir, fault.on, fault[what])
  process.stderr.write(stderr)
  return status ?? 3
}

function usageError(message: string): number {
  process.stderr.write(`simulated: ${message}\n`)
  return 2
}

async function main(): Promise<number> {
  // What stands behind the command is the command's own.
  const words = process.argv.slice(2)
  const at = words[0] === '--dir' ? 2 : 0
  const { values } = parseArgs({ args: words.slice(0, at), options: { dir: { type: 'string' } } })
  const [name = '', ...rest] = words.slice(at)
  const command = COMMANDS[name]
  if (command === undefined) {
    process.stdout.write(USAGE)
    return name === '--help' || name === '-h' ? 0 : 2
  }
  return await command(path.resolve(values.dir ?? '/var/tmp/evidence-simulated'), rest)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`simulated: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 3
}
