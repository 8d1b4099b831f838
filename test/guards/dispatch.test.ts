import { expect, test } from 'vitest'
import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { summaryInput } from '../../guards/guard-input.ts'
import { readSummary } from '../../projector/read-summary.ts'
import { fileInput, GREEN_VALUES, OPEN_GATES } from './guard-fixtures.ts'

const HEAD = [
  'DISPATCH_AUTHORIZED=0',
  'REQUEST_SENT_COUNT=0',
  'OWNER_RESPONSE_ACCEPTED=0',
  'HOST_WRITE_AUTHORIZED=0',
  'SECRET_VALUE_COLLECTION_ALLOWED=0',
  'RUNTIME_GATE=0',
]
const WAZUH = Object.entries(OPEN_GATES).flatMap(([key, value]) => (key.startsWith('WAZUH_') ? [`${key}=${value}`] : []))
const linesOf = (input: Parameters<typeof dispatchNextGates>[0]): string[] => dispatchText(dispatchNextGates(input)).trimEnd().split('\n')

test('ready: the head and every gate, in the order of the contract', () => {
  const lines = linesOf(fileInput(OPEN_GATES))
  expect(lines.slice(0, 9)).toEqual([
    'POST_REBOOT_NEXT_GATE_DISPATCH status=ready artifact=awoooi-post-reboot-readiness-20260627-115046',
    'NEXT_GATE_COUNT=3',
    'P0_GATE_COUNT=3',
    ...HEAD,
  ])
  expect(lines.filter((line) => /^GATE_\d+_(ID|PRIORITY|CURRENT_EVIDENCE)=/.test(line))).toEqual([
    'GATE_1_ID=credential_escrow_evidence',
    'GATE_1_PRIORITY=P0',
    `GATE_1_CURRENT_EVIDENCE=DR_ESCROW_BLOCKED=1;ESCROW_MISSING_COUNT=5;ESCROW_MISSING_ITEMS=${OPEN_GATES.ESCROW_MISSING_ITEMS}`,
    'GATE_2_ID=host_188_hygiene_maintenance_window',
    'GATE_2_PRIORITY=P0',
    'GATE_2_CURRENT_EVIDENCE=HOST_188_SERVICE_GREEN=1;HOST_188_HYGIENE_BLOCKED=1;HOST_188_RESULT=SERVICE_GREEN_HOST_HYGIENE_BLOCKED',
    'GATE_3_ID=wazuh_manager_registry_export',
    'GATE_3_PRIORITY=P0',
    `GATE_3_CURRENT_EVIDENCE=${WAZUH.join(';')}`,
  ])
})

test('each gate has its lines in order and numbered without a hole', () => {
  const lines = linesOf(fileInput(OPEN_GATES)).slice(9)
  const shape = /^GATE_(\d+)_(ID|PRIORITY|OWNER|CURRENT_EVIDENCE|REQUIRED_EVIDENCE_\d+|FORBIDDEN_ACTION_\d+|POST_CHECK_\d+)=[\x20-\x7e]+$/
  for (const line of lines) expect(line).toMatch(shape)
  const names = lines.flatMap((line) => shape.exec(line)?.slice(1, 3).join(' ') ?? [])
  const order = ['ID', 'PRIORITY', 'OWNER', 'CURRENT_EVIDENCE', 'REQUIRED_EVIDENCE', 'FORBIDDEN_ACTION', 'POST_CHECK']
  for (const gate of ['1', '2', '3']) {
    const own = names.filter((name) => name.startsWith(`${gate} `)).map((name) => name.slice(2))
    expect(own.map((name) => order.indexOf(name.replace(/_\d+$/, '')))).toEqual(
      own.map((name) => order.indexOf(name.replace(/_\d+$/, ''))).toSorted((a, b) => a - b),
    )
    for (const list of order.slice(4)) {
      const numbers = own.filter((name) => name.startsWith(list)).map((name) => Number(/\d+$/.exec(name)?.[0]))
      expect(numbers).toEqual(numbers.map((_, index) => index + 1))
      expect(numbers.length).toBeGreaterThan(0)
    }
  }
  expect(lines.filter((line) => line.startsWith('GATE_1_REQUIRED_EVIDENCE_'))).toHaveLength(5)
})

test('held: services are not green, the first blocked gate is named, the checklists stay', () => {
  const lines = linesOf(fileInput(OPEN_GATES, { SERVICE_GREEN: '0', POST_START_RESULT: 'BLOCKED', FIRST_BLOCKED_GATE: 'P0-NETWORK' }))
  expect(lines[0]).toBe('POST_REBOOT_NEXT_GATE_DISPATCH status=held_service_not_green artifact=awoooi-post-reboot-readiness-20260627-115046')
  expect(lines.slice(3, 10)).toEqual([...HEAD, 'FIRST_BLOCKED_GATE=P0-NETWORK'])
  expect(lines).toContain('NEXT_GATE_COUNT=3')
  expect(lines.some((line) => line.startsWith('CONTRADICTION overall_better_than_its_parts because '))).toBe(true)
})

test('held while it is unknown whether services are green', () => {
  const lines = linesOf(summaryInput(readSummary('POST_START_RESULT=FULL_STACK_GREEN\n')))
  expect(lines[0]).toBe('POST_REBOOT_NEXT_GATE_DISPATCH status=held_service_not_green artifact=unknown')
  expect(lines).toContain('FIRST_BLOCKED_GATE=unknown')
})

test('none required: nothing but the head', () => {
  expect(linesOf(fileInput(GREEN_VALUES))).toEqual([
    'POST_REBOOT_NEXT_GATE_DISPATCH status=none_required artifact=awoooi-post-reboot-readiness-20260627-115046',
    'NEXT_GATE_COUNT=0',
    'P0_GATE_COUNT=0',
    ...HEAD,
  ])
})

test('a gate the file forgot is dispatched all the same', () => {
  const lines = linesOf(fileInput(OPEN_GATES, { NEXT_REQUIRED_GATES: 'wazuh_manager_registry_export' }))
  expect(lines).toContain('NEXT_GATE_COUNT=3')
  expect(
    lines
      .filter((line) => /_ID=/.test(line))
      .map((line) => line.split('=')[1])
      .toSorted(),
  ).toEqual([...(OPEN_GATES.NEXT_REQUIRED_GATES as string).split(',')].toSorted())
})

test('the same input gives the same bytes', () => {
  expect(linesOf(fileInput(OPEN_GATES))).toEqual(linesOf(fileInput(OPEN_GATES)))
})
