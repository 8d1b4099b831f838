import { delimiter } from 'node:path'
import { afterAll, beforeAll, beforeEach, vi } from 'vitest'
import { goodCluster, type StandInKubectl, standInKubectl } from './stand-in-cluster.ts'

/**
 * A stand-in kubectl that comes first in the PATH of this process, with the good cluster before each test; gone after the
 * last. For the top of a test file or of a `describe`.
 */
export function kubectlInPath(): StandInKubectl {
  const cluster = standInKubectl()
  beforeAll(() => void vi.stubEnv('PATH', `${cluster.dir}${delimiter}${process.env.PATH ?? ''}`))
  beforeEach(() => cluster.serve(goodCluster()))
  afterAll(() => {
    vi.unstubAllEnvs()
    cluster.remove()
  })
  return cluster
}

/** What is no whole list of this kind, made of one that is: junk, cut, another kind, only its first page. */
export function brokenLists(good: string, kind: string): string[] {
  const more = good.replace('"resourceVersion":"8123"', '"resourceVersion":"8123","continue":"abc"')
  return ['', '<html>', 'null', '{}', good.slice(0, -20), good.replace(`${kind}List`, 'OtherList'), more]
}
