import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Clickhouse, openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import type { ClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

const PASSWORD = 'only-for-this-test'

/** Statements of auditor.sql for a database of its own. */
function auditorStatements(database: string): string[] {
  return readFileSync(join(REPOSITORY, 'projector/clickhouse/auditor.sql'), 'utf8')
    .replaceAll(/^--.*\n/gm, '')
    .replace('PASSWORD_SHA256', createHash('sha256').update(PASSWORD).digest('hex'))
    .replaceAll('evidence_auditor', `${database}_auditor`)
    .replaceAll('evidence.', `${database}.`)
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

/** The in-process engine has no users; there the statements are only parsed. `hasUsers`: a real server. */
export function auditorSuite(hasUsers: boolean, open: () => Promise<{ clickhouse: Clickhouse; config: ClickhouseConfig; close(): Promise<void> }>): void {
  it('auditor.sql is three statements of ClickHouse’s SQL', async () => {
    const { clickhouse, close } = await open()
    const statements = auditorStatements(clickhouse.database)
    expect(statements).toHaveLength(3)
    for (const sql of statements) expect(await clickhouse.query('SELECT formatQuery({sql:String}) AS text', { sql })).toHaveLength(1)
    await close()
  })

  if (!hasUsers) {
    console.log('NOT RUN HERE: what an auditor may do needs a ClickHouse server; the in-process engine has no users')
    return
  }
  it('an auditor reads and changes nothing', async () => {
    const { clickhouse, config, close } = await open()
    for (const sql of auditorStatements(clickhouse.database)) await clickhouse.command(sql)
    const auditor = await openClickhouse({ ...config, user: `${clickhouse.database}_auditor`, password: PASSWORD })
    expect(await auditor.query('SELECT count() AS n FROM {db}.events')).toHaveLength(1)
    for (const sql of ['TRUNCATE TABLE {db}.events', 'DROP TABLE {db}.events', 'SET max_memory_usage = 0']) await expect(auditor.command(sql)).rejects.toThrow()
    await expect(auditor.query(`SELECT * FROM file('/etc/hostname', 'LineAsString')`)).rejects.toThrow()
    await auditor.close()
    await clickhouse.command(`DROP USER ${clickhouse.database}_auditor`)
    await clickhouse.command(`DROP SETTINGS PROFILE ${clickhouse.database}_auditor`)
    await close()
  })
}
