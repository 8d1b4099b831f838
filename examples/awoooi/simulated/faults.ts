import type { Fault } from './fault.ts'
import { CLUSTER_FAULTS } from './faults/cluster.ts'
import { DATA_FAULTS } from './faults/data.ts'
import { NETWORK_FAULTS } from './faults/network.ts'
import { OBSERVABILITY_FAULTS } from './faults/observability.ts'
import { OWNER_FAULTS } from './faults/owners.ts'
import { ROUTE_FAULTS } from './faults/routes.ts'
import { SCHEDULE_FAULTS } from './faults/schedules.ts'

/** Everything that can be broken, in the order of the estate's gates. */
export const FAULTS: readonly Fault[] = [
  ...[...NETWORK_FAULTS, ...DATA_FAULTS, ...OBSERVABILITY_FAULTS, ...CLUSTER_FAULTS, ...ROUTE_FAULTS, ...SCHEDULE_FAULTS, ...OWNER_FAULTS],
]
