import { toJsonPage, toJsonRow, toTime, toTimeRange } from '../../api/actions/history-json.ts'
import { roundText } from '../../api/actions/round-text.ts'
import type { Change, CheckRow, DayCount, DeclarationRow, EventRow, HistoryStore, Page, RoundRow } from '../../projector/history-store.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type HistoryOptions, withHistory } from '../open-history.ts'
import { type Answer, paint, printResult } from '../output.ts'

export type HistoryCommandOptions = HistoryOptions & {
  from?: string
  to?: string
  estate?: string
  overall?: string
  limit: number
  after?: string
  json?: boolean
}

type Told = { value: unknown; text: string; isEmpty?: boolean }
type Tell = (history: HistoryStore, args: readonly string[], options: HistoryCommandOptions) => Promise<Told>

/** `evidence history <question>`: one entry a question of `HistoryStore`. */
const QUESTIONS: Readonly<Record<string, Tell>> = {
  rounds: async (history, _args, options) => {
    const { estate, overall } = options
    const filter = { ...toTimeRange(options), ...(estate === undefined ? {} : { estate }), ...(overall === undefined ? {} : { overall }) }
    return pageTold(await history.rounds(filter, pageOf(options)), roundLine)
  },
  events: async (history, [round = ''], options) => pageTold(await history.eventsOf(round, pageOf(options)), eventLine),
  key: async (history, [estate = '', key = ''], options) => listTold(await history.keyChanges(estate, key, toTimeRange(options)), changeLine),
  check: async (history, [estate = '', check = ''], options) => listTold(await history.checkChanges(estate, check, toTimeRange(options)), changeLine),
  allowed: async (history, [estate = ''], options) => listTold(await history.everAllowed(estate, toTimeRange(options)), declarationLine),
  'as-of': async (history, [estate = '', moment = '']) => {
    const snapshot = await history.asOf(estate, toTime(moment, 'end'))
    return snapshot === null
      ? { value: null, text: 'no round of this estate had been opened by then\n', isEmpty: true }
      : { value: snapshot, text: roundText(snapshot, paint) }
  },
  'not-passed': async (history, [estate = '', check = ''], options) =>
    pageTold(await history.notPassed(estate, check, toTimeRange(options), pageOf(options)), checkLine),
  search: async (history, [text = ''], options) => pageTold(await history.search(text, toTimeRange(options), pageOf(options)), eventLine),
  counts: async (history, _args, options) => listTold(await history.countsByDay(toTimeRange(options)), countLine),
}

/** The command of one question. Exit 0 where something was found, 1 where nothing was. */
export function answers(name: string): (args: readonly string[], options: HistoryCommandOptions) => Promise<Answer> {
  const tell = QUESTIONS[name]
  if (tell === undefined) throw new EvidenceError('internal', `no question ${name}`)
  return async (args, options) => {
    const { value, text, isEmpty } = await withHistory(options, (history) => tell(history, args, options))
    printResult(options.json, value, text)
    return isEmpty ? 1 : 0
  }
}

function pageOf({ limit, after }: HistoryCommandOptions): { limit: number; after: string | null } {
  return { limit, after: after ?? null }
}

const NOTHING = 'nothing found\n'

function listTold<T extends object>(rows: readonly T[], line: (row: T) => string): Told {
  return { value: rows.map(toJsonRow), text: rows.length === 0 ? NOTHING : lines(rows, line), isEmpty: rows.length === 0 }
}

function pageTold<T extends object>(page: Page<T>, line: (row: T) => string): Told {
  const more = page.next === null ? '' : `more: --after ${page.next}\n`
  return {
    value: toJsonPage(page),
    text: page.rows.length === 0 ? NOTHING : `${lines(page.rows, line)}${more}`,
    isEmpty: page.rows.length === 0,
  }
}

function lines<T>(rows: readonly T[], line: (row: T) => string): string {
  return rows.map((row) => `${line(row)}\n`).join('')
}

const roundLine = (row: RoundRow): string => `${row.openedAt}  ${row.overall.padEnd(34)}  ${row.integrity.padEnd(17)}  ${row.artifactId}`
const eventLine = (row: EventRow): string => `${row.time}  ${row.type.padEnd(34)}  ${row.roundId}  ${row.checkId ?? '-'}  ${row.id}`
const changeLine = (row: Change): string => `${row.openedAt}  ${row.value.padEnd(34)}  ${row.artifactId}`
const declarationLine = (row: DeclarationRow): string =>
  `${row.declaration.padEnd(36)}  sop@${row.policyVersion}  ${row.firstAllowedAt} to ${row.lastAllowedAt}, ${row.rounds} rounds`
const checkLine = (row: CheckRow): string =>
  `${row.openedAt}  ${(row.warningClass === null ? row.status : `${row.status}(${row.warningClass})`).padEnd(15)}  ${row.artifactId}  ${row.reasons.join('; ')}`
const countLine = (row: DayCount): string => `${row.day}  ${row.type.padEnd(34)}  ${row.count}`
