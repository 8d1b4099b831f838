import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, renameSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'
import { REPOSITORY } from './markdown-blocks.ts'

export type TestBrowser = { readonly browser: Browser; readonly from: string; readonly close: () => Promise<void> }

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const DEBIAN = '/usr/bin/chromium'

/**
 * A real headless Chromium: the one inside the npm package `@sparticuz/chromium`, which brings the libraries it needs beside glibc, so that a fresh
 * machine needs nothing else; where that does not start (not x64, say), that of the machine (Debian's `chromium`). Null, after saying why, where neither does.
 */
export async function openChromium(): Promise<TestBrowser | null> {
  const ways = [ofPackage, ofMachine]
  const whys: string[] = []
  for (const way of ways) {
    try {
      const { path, env, remove } = await way()
      const browser = await chromium.launch({ executablePath: path, args: FLAGS, env: { ...process.env, ...env } as Record<string, string> })
      const close = async (): Promise<void> => {
        await browser.close()
        await remove()
      }
      return { browser, from: path, close }
    } catch (error) {
      whys.push(`${way.name}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`)
    }
  }
  console.warn(`REAL CHROMIUM ABSENT: ${whys.join('; ')}; the console is not tested`)
  return null
}

type Program = { path: string; env: Record<string, string>; remove: () => Promise<void> }

async function ofMachine(): Promise<Program> {
  accessSync(DEBIAN, constants.X_OK)
  return { path: DEBIAN, env: {}, remove: async () => undefined }
}

/** Unpacked once a machine, by a program of its own: the package unpacks into the folder that `TMPDIR` names. */
async function ofPackage(): Promise<Program> {
  const version = 'evidence-chromium-153.0.0'
  const folder = join(tmpdir(), version)
  if (!existsSync(folder)) {
    const fresh = await mkdtemp(`${folder}-`)
    const library = join(REPOSITORY, 'node_modules/@sparticuz/chromium/build/index.js')
    const script = `const { default: chromium, inflate } = await import(${JSON.stringify(library)}); await chromium.executablePath(); await inflate(${JSON.stringify(join(REPOSITORY, 'node_modules/@sparticuz/chromium/bin/al2023.tar.br'))})`
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, TMPDIR: fresh } })
    mkdirSync(join(fresh, 'fonts'), { recursive: true })
    try {
      renameSync(fresh, folder)
    } catch {
      await rm(fresh, { recursive: true, force: true }) // another test run was faster
    }
  }
  return { path: join(folder, 'chromium'), env: { LD_LIBRARY_PATH: join(folder, 'al2023/lib') }, remove: async () => undefined }
}
