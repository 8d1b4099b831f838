import { z } from 'zod'
import { Count, line } from './primitives.ts'

/** Facts of what runs on a machine. As everywhere, `null` says "not observed". */

const Word = line(60)

export const SystemdFacts = z.strictObject({
  units: z
    .array(
      z.strictObject({
        name: line(200),
        load: Word.describe('loaded, not-found, masked, …'),
        active: Word.describe('active, inactive, failed, activating, …'),
        sub: Word,
        result: Word.nullable().describe('success, or why the unit last ended'),
        enabled: Word.nullable().describe('enabled, disabled, static, …; null where systemd says nothing'),
        restarts: Count.nullable().describe('null for units that are no service'),
      }),
    )
    .max(200),
  failed_units: z.array(line(200)).max(500).nullable().describe('every failed unit of the machine'),
})
