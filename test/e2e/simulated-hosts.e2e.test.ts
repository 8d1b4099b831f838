import { DATA_FAULTS } from '../../examples/awoooi/simulated/faults/data.ts'
import { NETWORK_FAULTS } from '../../examples/awoooi/simulated/faults/network.ts'
import { OBSERVABILITY_FAULTS } from '../../examples/awoooi/simulated/faults/observability.ts'
import { simulatedEstateSuite } from './simulated-estate-suite.ts'

simulatedEstateSuite('the simulated estate: hosts, data, observability', [...NETWORK_FAULTS, ...DATA_FAULTS, ...OBSERVABILITY_FAULTS])
