import { basename } from 'node:path'
import type { CheckOf } from '../../schemas/estate.ts'
import { delegatedUnmet } from '../../schemas/expectations/delegated.ts'
import { targetOf } from '../check-target.ts'
import type { ProbeContext, ReportLook } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'
import { runEstateCommand } from './estate-command.ts'
import { createLookBudget } from './look-budget.ts'
import { parseReport } from './report-text.ts'
import { toUtf8Text } from './utf8-text.ts'

const MAX_REPORT_BYTES = 4_194_304

type Check = CheckOf<'delegated'>
type Output = { tool: string; bytes: Buffer; exitCode: number | null; asOf: string | null }

/** Takes over the PASS/WARN/BLOCKED report of another tool, by running it or by reading the file that it left. */
export async function probeDelegated(check: Check, context: ProbeContext): Promise<ReportLook> {
  const { tool, bytes, exitCode, asOf } = check.path === undefined ? await runTool(check, context) : await readOutput(check.path, context)
  const report = { tool, report: check.report, as_of: asOf, exit_code: exitCode, ...parseReport(toUtf8Text(bytes), check) }
  return { target: targetOf(check), met: delegatedUnmet(check, report, context.now()).length === 0, report }
}

async function runTool(check: Check, context: ProbeContext): Promise<Output> {
  const id = check.command ?? ''
  const result = await runEstateCommand(context, id, check.ok_exit_codes, createLookBudget(context)(MAX_REPORT_BYTES))
  return { tool: id, bytes: result.stdout, exitCode: result.exitCode, asOf: null }
}

/** The time first: a report replaced in between then counts as older than it is, never as younger. */
async function readOutput(path: string, context: ProbeContext): Promise<Output> {
  const budget = createLookBudget(context)
  const stat = await context.transport.stat(path, budget(MAX_REPORT_BYTES))
  if (!stat.exists) throw new ProbeFailure('unreachable', 'read', 'file does not exist')
  const bytes = await context.transport.readFile(path, budget(MAX_REPORT_BYTES))
  return { tool: scrubLine(basename(path)).slice(0, 120), bytes, exitCode: null, asOf: stat.modifiedAt }
}
