import path from 'node:path'
import { expect, test } from 'vitest'
import { newFolder, ROUNDS_DIR, runEvidence } from './run-program.ts'

const FILE = path.join(ROUNDS_DIR, 'raw/2026-06-25-2114.yaml')
const ID = 'awoooi-post-start-raw-20260625-211400'

/** The whole file but its identity: root, count and digest follow from the bytes of estate and record. */
const SUMMARY = `ROUND_INTEGRITY=legacy_unverified
EXPECTED_CHECKS=128
OBSERVED_CHECKS=128
UNOBSERVED_CHECKS=0
NOT_EVALUATED_CHECKS=0
CONFLICTING_CHECKS=0
COLD_START_RESULT=GREEN
COLD_START_PASS=89
COLD_START_WARN=0
COLD_START_BLOCKED=0
FIRST_BLOCKED_GATE=none
GATE_P0_NETWORK=GREEN
GATE_P0_188_DATA=GREEN
GATE_P0_110_REGISTRY_OBSERVABILITY=WARN
GATE_P1_K3S=GREEN
GATE_P2_WORKLOAD_ALERTCHAIN=GREEN
GATE_P2_PUBLIC_ROUTES=GREEN
GATE_P2_SCHEDULES=WARN
POST_START_RESULT=FULL_STACK_GREEN_DR_ESCROW_BLOCKED
POST_START_PASS=38
POST_START_WARN=2
POST_START_BLOCKED=0
POST_START_WARN_SERVICE=0
POST_START_WARN_BOUNDARY=1
POST_START_WARN_EVIDENCE=1
SERVICE_GREEN=1
PRODUCT_DATA_GREEN=1
BACKUP_CORE_GREEN=1
STOCK_FRESHNESS_STATUS=ok
STOCK_LATEST_TRADING_DATE=2026-06-25
STOCK_BLOCKERS=none
MOMO_RELEASE_CURRENT=1
MOMO_DB_PARITY=1
MOMO_DATA_FRESH=1
MOMO_SOURCE_AVAILABLE=1
MOMO_DAILY_FRESHNESS=1|2026-06-24
BACKUP_CORE_BLOCKERS=0
BACKUP_OFFSITE_FRESH=1
BACKUP_INTEGRITY_STALE=0
BACKUP_LAST_AGGREGATE=2026-06-24T18:35:09.000Z
DR_ESCROW_BLOCKED=1
ESCROW_MISSING_COUNT=5
ESCROW_MISSING_ITEMS=restic_repository_password,offsite_provider_credentials,break_glass_admin_credentials,dns_registrar_recovery,oauth_ai_provider_recovery
HOST_188_SERVICE_GREEN=1
HOST_188_HYGIENE_BLOCKED=unknown
HOST_188_RESULT=unknown
WAZUH_COVERAGE_SCOPE=unknown
WAZUH_DIRECT_ACTIVE=unknown
WAZUH_NO_TRANSPORT=unknown
WAZUH_SSH_BLOCKED=unknown
WAZUH_ROUTE_CODE=unknown
WAZUH_TRANSPORT_COUNT=unknown
WAZUH_DASHBOARD_API_CONNECTION=unknown
WAZUH_DASHBOARD_INDEX_OK=unknown
WAZUH_MANAGER_REGISTRY_ACCEPTED=0
WAZUH_RUNTIME_GATE=0
RECOVERY_CORE_READY=1
RECOVERY_DR_OFFSITE_READY=0
PLAN_B_LEVEL=B4_FULL_STACK_GREEN
RUNTIME_ACTION_AUTHORIZED=0
OVERALL_DECLARATION=FULL_STACK_GREEN_DR_ESCROW_BLOCKED
NEXT_REQUIRED_GATES=credential_escrow_evidence,host_188_hygiene_maintenance_window,wazuh_manager_registry_export
`

test('the round of 2026-06-25 21:14, imported as raw looks, gives the numbers of the runbook', () => {
  const cwd = newFolder()
  expect(runEvidence(cwd, ['round', 'import', FILE])).toMatchObject({ code: 0, stdout: `imported 130 events, 0 already there\n  ${ID}\n` })
  expect(runEvidence(cwd, ['round', 'import', FILE])).toMatchObject({ code: 0, stdout: `imported 0 events, 130 already there\n  ${ID}\n` })

  const summary = runEvidence(cwd, ['summary', ID])
  expect(summary).toMatchObject({ code: 0, stderr: '' })
  expect(summary.stdout).toMatch(/^SUMMARY_SCHEMA=evidence_round_summary_v1\nARTIFACT_ID=awoooi-post-start-raw-20260625-211400\nESTATE_ID=awoooi\n/)
  const judged = summary.stdout.slice(summary.stdout.indexOf('ROUND_INTEGRITY='), summary.stdout.indexOf('SUMMARY_DIGEST='))
  expect(judged).toBe(SUMMARY)

  const shown = runEvidence(cwd, ['round', 'show', ID]).stdout
  expect(shown.split('\n').flatMap((line) => /^ {2}WARN\((\w+)\) +([^:]+):/.exec(line)?.slice(1, 3).join(' ') ?? [])).toEqual([
    'EVIDENCE load-110',
    'BOUNDARY escrow-markers',
  ])
  const guard = runEvidence(cwd, ['guard', 'declaration', ID, '--declare', 'DR_COMPLETE', '--declare', 'WAZUH_REGISTRY_RECOVERED'])
  expect(guard.code).toBe(1)
  for (const name of ['DR_COMPLETE', 'WAZUH_REGISTRY_RECOVERED', 'HOST_188_HYGIENE_GREEN', 'LIVE_MONITOR_SYNCED'])
    expect(guard.stdout).toContain(`\nFORBIDDEN ${name} `)
})
