import type { Readable } from 'node:stream'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'

/** Gathers a stream up to `maxBytes`; one byte more calls `onOverflow` once, and nothing further is kept. */
export function collectOutput(stream: Readable, maxBytes: number, onOverflow: (failure: ProbeFailure) => void): () => Buffer {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    if (size > maxBytes) return
    size += chunk.length
    if (size > maxBytes) onOverflow(outputTooLarge(maxBytes))
    else chunks.push(chunk)
  })
  return () => Buffer.concat(chunks)
}

export function outputTooLarge(maxBytes: number): ProbeFailure {
  return new ProbeFailure('parse', 'read', `more than ${maxBytes} bytes`)
}

/** Drains stderr and keeps its first line that says something, scrubbed; a flood of it costs 4 KiB. */
export function collectStderrLine(stream: Readable): () => string {
  let text = ''
  stream.on('data', (chunk: Buffer) => {
    if (text.length < 4096) text += chunk.toString('utf8')
  })
  return () => scrubLine(text.split(/[\r\n]+/u).find((line) => line.trim() !== '') ?? '')
}
