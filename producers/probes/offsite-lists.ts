import { z } from 'zod'
import { parseJsonText } from '../../schemas/json-text.ts'

/** A snapshot of restic: its id, its time, UTC with milliseconds, and whether it holds no file as far as restic says so (0.17 and later). */
export type Snapshot = { id: string; time: string; isEmpty: boolean }

const Id = z.string().regex(/^[0-9a-f]{64}$/)
/** A repository without snapshots prints `null`. */
const ResticSnapshots = z
  .array(z.object({ id: Id, time: z.iso.datetime({ offset: true }), summary: z.object({ total_files_processed: z.number() }).optional() }))
  .max(100_000)
  .nullable()
const RcloneFiles = z.array(z.object({ Name: Id, Size: z.number().int(), IsDir: z.literal(false) })).max(100_000)

/** Reads `restic snapshots --json`; null where it is anything else, or holds a snapshot twice. Pure. */
export function readResticSnapshots(output: Buffer): Snapshot[] | null {
  const found = read(ResticSnapshots, output)
  if (found === undefined) return null
  const list = found ?? []
  if (new Set(list.map((one) => one.id)).size !== list.length) return null
  return list.map(({ id, time, summary }) => ({ id, time: new Date(time).toISOString(), isEmpty: summary?.total_files_processed === 0 }))
}

/** Reads `rclone lsjson` of a folder of snapshots; null where it is anything else. An empty file is no snapshot. Pure. */
export function readRcloneFiles(output: Buffer): string[] | null {
  const list = read(RcloneFiles, output)
  return list === undefined || list.some((one) => one.Size <= 0) ? null : list.map((one) => one.Name)
}

function read<S extends z.ZodType>(schema: S, output: Buffer): z.infer<S> | undefined {
  const parsed = parseJsonText(output.toString('utf8').trim())
  const result = schema.safeParse(parsed.ok ? parsed.value : undefined)
  return result.success ? result.data : undefined
}
