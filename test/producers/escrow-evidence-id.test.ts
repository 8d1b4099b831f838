import { describe, expect, it } from 'vitest'
import { evidenceIdProblem } from '../../producers/escrow-evidence-id.ts'

describe('evidenceIdProblem', () => {
  it('takes references to records', () => {
    for (const id of [
      'vault-item-7f3a',
      'VLT-2026-0042',
      'sealed-envelope 12',
      'recovery checklist 2026-06-13',
      'restic-repository-password-2026',
      'envelope-A-0007',
      'ENV-2026-06-27-03',
      '3f2b8c1e-77aa-4c1d-9b1e-0d6f5a4b3c2d',
      'z6wqkvfxjcyhdrrmsnnbbta',
      'SEALED-ENVELOPE-DR-7',
    ]) {
      expect(evidenceIdProblem(id), id).toBeNull()
    }
  })

  it('refuses placeholders', () => {
    const placeholders = [
      'EVIDENCE_ID_FOR_RESTIC_PASSWORD',
      'evidence-id-for-restic',
      'VAULT-ITEM-ID',
      'vault_item_id',
      'TODO',
      'todo-later',
      '<vault item>',
      '{{id}}',
      'example-1',
      'my_example_id',
      'xxx',
      'ENV-XXXX',
      'changeme',
      'change-me',
      'test',
      'test-123',
      'test_item',
      'none',
      'N/A',
      '...',
      'your-vault-item',
      '12345',
      'abc123',
      'aaaa',
      'placeholder',
      'tbd',
    ]
    for (const id of placeholders) expect(evidenceIdProblem(id), id).toBe('placeholder')
  })

  it('refuses secrets and odd texts', () => {
    expect(evidenceIdProblem('ab'.repeat(5) + '12'.repeat(11))).toBe('secret_like')
    expect(evidenceIdProblem(`${'gh'}p_${'A1b2'.repeat(9)}`)).toBe('secret_like')
    expect(evidenceIdProblem(`https://bob:${'hunter'}2@host/`)).toBe('secret_like')
    for (const id of ['9f86d081884c7d65', 'part of 9f86d081884c7d659a', 'sha256:9f86d081', 'JBSW Y3DP EHPK 3PXP', 'jbsw-y3dp-ehpk-3pxp-jbsw']) {
      expect(evidenceIdProblem(id), id).toBe('secret_like')
    }
    for (const id of ['', 'ab', ' lead', 'line\nbreak', 'a'.repeat(3) + 'b'.repeat(130), 'päss']) expect(evidenceIdProblem(id), id).toBe('malformed')
  })
})
