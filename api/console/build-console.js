import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/**
 * Builds the console into `dist/`, with a compressed form beside every file. `--if-possible`: where the development packages are not
 * installed (`npm ci --omit=dev`), says so and ends well; an error of the build itself is always one.
 */
const isOptional = process.argv.includes('--if-possible')
const vite = await loadVite()
if (vite === null) {
  process.stderr.write('the console was not built: the development packages are not installed; `evidence serve` says so on its page\n')
  process.exitCode = isOptional ? 0 : 1
} else {
  await vite.build({ configFile: join(import.meta.dirname, 'vite.config.ts') })
  compressAll(join(import.meta.dirname, 'dist'))
}

async function loadVite() {
  try {
    return await import('vite')
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}

/** Once here instead of at every request; files that come out larger stay alone. */
function compressAll(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!/\.(js|css|html|svg)$/.test(name)) continue
    const path = join(folder, name)
    const content = readFileSync(path)
    const brotli = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
    const gzip = gzipSync(content, { level: 9 })
    if (brotli.length < content.length) writeFileSync(`${path}.br`, brotli)
    if (gzip.length < content.length) writeFileSync(`${path}.gz`, gzip)
  }
}
