import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Suites that wait for real servers and programs come first: started last, one would run alone at the end. */
const ORDER = [/\/simulated-(hosts|services)\./, /\.(e2e|int)\.test\.ts$/, /./]

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => ORDER.findIndex((pattern) => pattern.test(moduleId))
    return sorted.sort((one, other) => rank(one) - rank(other))
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**'],
    testTimeout: 60_000,
    // Twice the processors of a small machine: suites wait for servers more than they work.
    maxWorkers: 4,
    // A worker for each file would start 180 times and read the same modules each time.
    isolate: false,
    sequence: { sequencer: WaitingFirst },
  },
})
