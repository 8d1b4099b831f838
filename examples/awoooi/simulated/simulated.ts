import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { FAULTS } from './faults.ts'
import { HOSTS, type HostName } from './machines.ts'
import { asOperator, isRunning, missingParts, runOn, startSimulatedEstate, stopSimulatedEstate, unfitFolder } from './simulated-estate.ts'

const USAGE = `Usage: simulated [--dir DIR] COMMAND

The AWOOOI estate on this machine alone: ${HOSTS.length} hosts in namespaces, the estate file as it is, real servers where a
Debian package has them. Needs root. DIR (default /var/tmp/evidence-simulated) keeps the operator's files and the rounds.

Commands:
  up                    start it; then every round looks at it. What rounds wrote into DIR before stays
  evidence WORD...      run evidence as the operator, in DIR
  on MACHINE SCRIPT     run a shell script as root on operator, ${HOSTS.map(({ name }) => name).join(', ')}
  faults                what can be broken, and what a round must then say
  break FAULT           break one thing
  repair FAULT          put it right again
  down                  end every process of it; DIR stays

Exit codes: 0 done, 1 only from the command that was run, 2 bad usage or nothing is up, 3 it could not be done.

Examples:
  simulated up
  simulated evidence round run --estate examples/awoooi/estate.yaml --send-alert-test
  simulated break redis-killed
  simulated on host-188 'ps ax'
`

type Command = { words: readonly [least: number, most: number]; needsUp: boolean; run: (dir: string, words: string[]) => Promise<number> | number }

const COMMANDS: Readonly<Record<string, Command>> = {
  up: { words: [0, 0], needsUp: false, run: up },
  evidence: { words: [0, Number.POSITIVE_INFINITY], needsUp: true, run: evidence },
  on: { words: [2, Number.POSITIVE_INFINITY], needsUp: true, run: on },
  faults: { words: [0, 0], needsUp: false, run: faults },
  break: { words: [1, 1], needsUp: true, run: (dir, [id = '']) => change(dir, id, 'break') },
  repair: { words: [1, 1], needsUp: true, run: (dir, [id = '']) => change(dir, id, 'repair') },
  down: {
    words: [0, 0],
    needsUp: false,
    run: async (dir) => {
      await stopSimulatedEstate(dir)
      return 0
    },
  },
}

async function up(dir: string): Promise<number> {
  const missing = missingParts()
  if (missing !== null) return usageError(`this machine ${missing}`)
  const unfit = unfitFolder(dir)
  if (unfit !== null) return usageError(unfit)
  mkdirSync(dir, { recursive: true })
  await startSimulatedEstate(dir)
  console.log(`up: ${HOSTS.map(({ name, address }) => `${name} ${address}`).join(', ')}; files in ${dir}`)
  return 0
}

function evidence(dir: string, words: string[]): number {
  const { words: before, env } = asOperator(dir)
  const [program = '', ...rest] = [...before, ...words]
  // Ctrl-C is for the command, which ends in order; its exit code is then still told.
  process.on('SIGINT', () => {})
  return spawnSync(program, rest, { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 3
}

function on(dir: string, [machine = '', ...script]: string[]): number {
  if (machine !== 'operator' && !HOSTS.some(({ name }) => name === machine)) return usageError(`no machine ${machine}; \`--help\` lists them`)
  const { stdout, stderr, status } = runOn(dir, machine as HostName, script.join(' '))
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  return status ?? 3
}

function faults(): number {
  for (const { id, title, expect } of FAULTS) console.log(`${id.padEnd(32)} ${title}: ${Object.keys(expect.checks).join(', ')}`)
  return 0
}

function change(dir: string, id: string, what: 'break' | 'repair'): number {
  const fault = FAULTS.find((one) => one.id === id)
  if (fault === undefined) return usageError(`no fault ${id}; \`faults\` lists them`)
  const { stderr, status } = runOn(dir, fault.on, fault[what])
  process.stderr.write(stderr)
  if (status === 0) return 0
  process.stderr.write(`simulated: ${what} ${id} on ${fault.on}: exit ${status}; has it been done already? \`down\` and \`up\` start afresh\n`)
  return 3
}

function usageError(message: string): number {
  process.stderr.write(`simulated: ${message}\n`)
  return 2
}

async function main(): Promise<number> {
  // What stands behind the command is the command's own.
  const words = process.argv.slice(2)
  const named = words[0] === '--dir'
  const dir = path.resolve((named ? words[1] : undefined) ?? '/var/tmp/evidence-simulated')
  const [name = '', ...rest] = words.slice(named ? 2 : 0)
  if (['', '-h', '--help'].includes(name)) {
    process.stdout.write(USAGE)
    return name === '' ? 2 : 0
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) return usageError(`no command ${name}; \`--help\` lists them`)
  const [least, most] = command.words
  if (rest.length < least || rest.length > most) return usageError(`${name} takes ${rest.length < least ? 'more' : 'fewer'} words; see \`--help\``)
  if (command.needsUp && !isRunning(dir)) return usageError(`nothing is up in ${dir}; start it with \`up\`, or name its folder with --dir`)
  return await command.run(dir, rest)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`simulated: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 3
}
