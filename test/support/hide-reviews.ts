import { DatabaseSync } from 'node:sqlite'

/**
 * Does to the index of reviews what no SQL statement can: makes it by another rule (`columns`, and what a row must be
 * beside a review) and writes the old rule over it, as somebody with an editor for the file could.
 */
export function remakeReviewIndex(path: string, { columns = 'position', only = '1' }: { columns?: string; only?: string }): void {
  const db = new DatabaseSync(path)
  try {
    const held = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'events_reviews'").get()
    const sql = String(held?.sql)
    db.exec(`DROP INDEX events_reviews; ${sql.replace('(position)', `(${columns})`)} AND ${only}`)
    db.enableDefensive(false)
    db.exec('PRAGMA writable_schema = ON')
    db.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'events_reviews'").run(sql)
  } finally {
    db.close()
  }
}
