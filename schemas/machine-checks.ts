import { z } from 'zod'
import { checkBase } from './check-base.ts'
import { Count } from './primitives.ts'

/** Checks of what runs on a machine. */

/** A systemd unit with its suffix, as one plain word of a command line. */
export const UnitName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9@:_.-]*\.(service|timer|socket|mount|target|path|slice|scope)$/, 'a unit with its suffix, such as cron.service')
  .max(200)
const Units = z.array(UnitName).max(100)

export const SystemdCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('systemd'),
  units: Units.min(1).describe('units that must be loaded and active'),
  stopped_units: Units.default([]).describe('units that must be neither active nor enabled'),
  explained_failed_units: z.array(z.string().max(200)).max(100).default([]),
  max_restarts: Count.optional().describe('restarts systemd itself made of each unit since it was started by hand or at boot'),
})
