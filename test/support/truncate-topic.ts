import { readdirSync, statSync, truncateSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Cuts the second half off every partition's log of a topic, in the data folder of a broker that does not run. */
export function truncateTopic(dataDir: string, topic: string): void {
  for (const name of readdirSync(dataDir).filter((name) => name.startsWith(topic))) {
    const folder = join(dataDir, name)
    for (const file of readdirSync(folder)) {
      if (file.endsWith('.log')) truncateSync(join(folder, file), Math.floor(statSync(join(folder, file)).size / 2))
      if (file.endsWith('index') || file.endsWith('.snapshot')) unlinkSync(join(folder, file))
    }
  }
}
