import type { Socket } from 'node:net'
import { type HttpCode, HttpError, PROBLEM_TYPE, toProblem } from './problem.ts'

const CODES: Readonly<Record<string, HttpCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/**
 * What a connection is told whose request never became one: too slow, headers too large, or not HTTP. The connection is
 * closed after it. `newId` names the answer, as for other problems.
 */
export function buildClientErrorHandler(newId: () => string) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    if (socket.writable) socket.write(toAnswer(CODES[error.code ?? ''] ?? 'request_invalid', newId()))
    // Without the error: whoever listens to the socket has nothing to do about it.
    socket.destroySoon()
  }
}

function toAnswer(code: HttpCode, id: string): string {
  const { problem } = toProblem(new HttpError(code, code === 'request_invalid' ? 'this is not HTTP' : undefined), id)
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Connection: close',
    'Cache-Control: no-store',
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
