import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** These take minutes, mostly waiting: started last, they would run alone at the end. */
const LONGEST = ['test/e2e/simulated-hosts.e2e.test.ts', 'test/e2e/simulated-services.e2e.test.ts']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification): boolean => LONGEST.some((one) => moduleId.endsWith(one))
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**'],
    testTimeout: 60_000,
    // Twice the processors of a small machine: suites wait for servers more than they work.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
  },
})
