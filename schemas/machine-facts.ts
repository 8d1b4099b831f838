import { z } from 'zod'
import { Count, line, Time } from './primitives.ts'

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

export const DockerFacts = z.strictObject({
  containers: z
    .array(
      z.strictObject({
        name: line(128),
        status: Word.describe('running, restarting, exited, …; absent where there is no such container'),
        health: Word.nullable().describe('healthy, starting, unhealthy; null where it has no health check'),
        restarts: Count.nullable(),
        started_at: Time.nullable(),
        exit_code: z.number().int().min(-2147483648).max(2147483647).nullable(),
        oom_killed: z.boolean().nullable(),
      }),
    )
    .max(100),
})
