import type { Command } from 'commander'

/** Examples of commands that are used with more than their name, by their path below `evidence`. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  start: ['start', 'start --estate estate.yaml --out rounds'],
  'round list': ['round list --limit 5', 'round list --ledger copy.db --json'],
  'round show': ['round show ROUND', 'round show ROUND --policy sop@1.61 --json'],
  'round diff': ['round diff ROUND OTHER'],
  'round rejudge': ['round rejudge ROUND --policy sop@1.61'],
  summary: ['summary ROUND', 'summary --summary-file out/ROUND/summary.txt --json'],
  'guard dispatch': ['guard dispatch ROUND', 'guard dispatch --summary-file out/ROUND/summary.txt --json'],
  'guard packets': ['guard packets ROUND --output packets.json --template response.json --html packets.html'],
  'guard contract': ['guard contract ROUND --packet-file packets.json'],
  'guard preflight': ['guard preflight ROUND --response-file response.json'],
  'escrow mark': [
    'escrow mark --item restic_repository_password --evidence-id VLT-4107 --markers markers --dry-run',
    'escrow mark --item restic_repository_password --evidence-id VLT-4107 --markers markers',
  ],
  'review record': [
    'review record ROUND --gate credential_escrow_evidence --response-file response.json --reviewer "R. View" --owner "M. Owner" --decision accepted --expires 2027-01-31',
  ],
  'bundle verify': ['bundle verify round.tar'],
  'export in-toto': ['export in-toto ROUND --output round.intoto.json'],
  'export oscal': ['export oscal ROUND --output round.oscal.json'],
  'ledger verify': ['ledger verify', 'ledger verify --ledger copy.db --json'],
  'ledger export': ['ledger export --round ROUND --output round.ndjson'],
  emit: ['emit < events.ndjson'],
}

/** Adds them to the help of these commands. */
export function addExamples(program: Command, above: readonly string[] = []): void {
  for (const command of program.commands) {
    const path = [...above, command.name()]
    const examples = EXAMPLES[path.join(' ')]
    if (examples !== undefined) command.addHelpText('after', `\nExamples:\n${examples.map((one) => `  evidence ${one}`).join('\n')}`)
    addExamples(command, path)
  }
}
