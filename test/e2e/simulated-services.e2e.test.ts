import { CLUSTER_FAULTS } from '../../examples/awoooi/simulated/faults/cluster.ts'
import { OWNER_FAULTS } from '../../examples/awoooi/simulated/faults/owners.ts'
import { ROUTE_FAULTS } from '../../examples/awoooi/simulated/faults/routes.ts'
import { SCHEDULE_FAULTS } from '../../examples/awoooi/simulated/faults/schedules.ts'
import { simulatedEstateSuite } from './simulated-estate-suite.ts'

simulatedEstateSuite('the simulated estate: cluster, routes, schedules, owners', [...CLUSTER_FAULTS, ...ROUTE_FAULTS, ...SCHEDULE_FAULTS, ...OWNER_FAULTS])
