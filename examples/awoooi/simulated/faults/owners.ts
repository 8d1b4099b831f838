import { all, type Fault, failed, warning } from '../fault.ts'

const MARKERS = '/var/lib/evidence-ledger/escrow'

/** What only owners can close: escrow markers, the registry of 112. */
export const OWNER_FAULTS: readonly Fault[] = [
  {
    id: 'marker-lost',
    title: 'one escrow marker is gone',
    on: 'operator',
    break: `mv ${MARKERS}/dns_registrar_recovery.json ${MARKERS}/../`,
    repair: `mv ${MARKERS}/../dns_registrar_recovery.json ${MARKERS}/`,
    expect: {
      checks: all('WARN', 'escrow-markers'),
      coldStart: 'GREEN',
      postStart: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
      lost: ['FULL_STACK_GREEN', 'CREDENTIAL_ESCROW_COMPLETE', 'DR_COMPLETE'],
    },
  },
  {
    id: 'agent-disconnected',
    title: 'one Wazuh agent is disconnected',
    on: 'host-112',
    break: `sed -i '/host-168/s/Active/Disconnected/' /etc/simulated/agents`,
    repair: `sed -i '/host-168/s/Disconnected/Active/' /etc/simulated/agents`,
    expect: warning(all('WARN', 'wazuh-agents'), 'WAZUH_REGISTRY_RECOVERED'),
  },
  {
    id: 'wazuh-manager-failed',
    title: 'the unit of the Wazuh manager failed',
    on: 'host-112',
    break: failed('wazuh-manager.service'),
    repair: 'unit wazuh-manager.service',
    expect: warning(all('WARN', 'wazuh-services-112')),
  },
]
