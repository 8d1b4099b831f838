import { resolve } from 'node:path'
import type { Transport } from '../transport.ts'
import { readLocalFile, statLocalFile } from './local-read.ts'
import { runLocal } from './local-run.ts'

/**
 * This machine. Commands start in `baseDir` and relative paths begin there (the folder of the estate file; default /).
 * A file system that hangs (a dead NFS server) ends the call in time but keeps one of Node's worker threads until the
 * kernel answers.
 */
export function createLocalTransport(options: { baseDir?: string } = {}): Transport {
  const baseDir = resolve('/', options.baseDir ?? '/')
  return {
    run: (argv, runOptions) => runLocal(argv, baseDir, runOptions),
    readFile: (path, runOptions) => readLocalFile(resolve(baseDir, path), runOptions),
    stat: (path, runOptions) => statLocalFile(resolve(baseDir, path), runOptions),
    close: async () => {},
  }
}
