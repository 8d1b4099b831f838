import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** 4.4.0 names an artifact (kafka-tools-api) that Maven Central has not got; this is the newest one that resolves. */
export const KAFKA_VERSION = '4.3.1'

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>evidence-ledger</groupId><artifactId>kafka-classpath</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency></dependencies></project>
`

/**
 * The folder of jars of Apache Kafka's own broker, fetched once with Maven into ~/.cache/evidence-ledger.
 * Throws with a readable reason where Java 17 or Maven is missing, or the jars cannot be fetched.
 */
export async function kafkaClasspath(): Promise<string> {
  await assertJava()
  const cache = join(homedir(), '.cache', 'evidence-ledger')
  const target = join(cache, `kafka-${KAFKA_VERSION}`)
  if (existsSync(target)) return target
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'fetch-'))
  try {
    await fetchJars(work)
    // Another test process may have been faster; one of the two names stays.
    if (!existsSync(target)) renameSync(join(work, 'lib'), target)
    return target
  } catch (error) {
    if (existsSync(target)) return target
    throw error
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

async function assertJava(): Promise<void> {
  const said = await run('java', ['-version']).catch(() => null)
  const major = Number(/version "(\d+)/.exec(said?.stderr ?? '')?.[1] ?? 0)
  if (major < 17) throw new Error(said === null ? 'no java' : `java ${major}, Kafka 4 needs 17`)
}

async function fetchJars(work: string): Promise<void> {
  writeFileSync(join(work, 'pom.xml'), POM)
  const lib = join(work, 'lib')
  await maven(work, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${lib}`)
  // Kafka brings the API of slf4j and no binding for it; its major version must be the same.
  const version = /slf4j-api-([\d.]+)\.jar/.exec(readdirSync(lib).join(' '))?.[1]
  if (version === undefined) throw new Error('Kafka came without slf4j-api')
  await maven(work, 'dependency:copy', `-Dartifact=org.slf4j:slf4j-simple:${version}`, `-DoutputDirectory=${lib}`)
}

async function maven(cwd: string, ...args: string[]): Promise<void> {
  await run('mvn', ['-q', '-B', ...args], { cwd }).catch((error: Error & { stdout?: string }) => {
    throw new Error(`mvn ${args[0]} failed: ${(error.stdout ?? error.message).split('\n')[0]}`)
  })
}
