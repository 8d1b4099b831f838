import { z } from 'zod'
import { parseJsonText } from '../../schemas/json-text.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions, type RunResult } from '../transport.ts'
import { toUtf8Text } from './utf8-text.ts'

export type Kubectl = (resource: string, options: RunOptions) => Promise<unknown>

/**
 * Asks the Kubernetes API for one path with the kubectl of the check's host; null where this user may not read it or
 * where there is no such thing. A server that cannot be reached, and an answer that is not JSON, end the look.
 */
export function createKubectl({ transport }: ProbeContext, kubeconfig: string | undefined): Kubectl {
  return async (resource, options) => {
    const argv = kubeconfig === undefined ? commandLine('k8s.get', { resource }) : commandLine('k8s.get-with-config', { config: kubeconfig, resource })
    const result = await transport.run(argv, options)
    if (result.exitCode !== 0) return nullOrFailure(result)
    const parsed = parseJsonText(toUtf8Text(result.stdout))
    if (!parsed.ok || parsed.value === null) throw new ProbeFailure('parse', 'parse', 'not JSON')
    return parsed.value
  }
}

/** The list of a kind; one that goes on elsewhere is not whole. */
export function readList<S extends z.ZodType>(answer: unknown, kind: string, item: S): z.infer<S>[] {
  const list = z.object({ kind: z.literal(kind), metadata: z.object({ continue: z.string().optional() }), items: z.array(item) }).safeParse(answer)
  if (!list.success) throw new ProbeFailure('parse', 'parse', `not a ${kind}: ${list.error.issues[0]?.path.join('.') ?? ''}`)
  if ((list.data.metadata.continue ?? '') !== '') throw new ProbeFailure('parse', 'parse', `a ${kind} that is not whole`)
  return list.data.items
}

function nullOrFailure({ exitCode, stderrLine: said }: RunResult): null {
  if (/^Error from server \((?:Forbidden|NotFound)\)/u.test(said)) return null
  const detail = scrubLine(`kubectl: exit code ${exitCode}${said === '' ? '' : `: ${said}`}`)
  if (/Unauthorized|must be logged in|provide credentials/iu.test(said)) throw new ProbeFailure('auth', 'auth', detail)
  if (/was refused|connection refused/u.test(said)) throw new ProbeFailure('refused', 'connect', detail)
  if (/x509|certificate/u.test(said)) throw new ProbeFailure('tls', 'connect', detail)
  if (/Unable to connect|no such host|i\/o timeout|no route to host/u.test(said)) throw new ProbeFailure('unreachable', 'connect', detail)
  throw new ProbeFailure(exitCode === 126 || /permission denied/u.test(said) ? 'permission' : 'exit_status', 'exec', detail)
}
