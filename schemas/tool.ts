/** This program, as rounds, bundles and exports name what made them; a test holds the version to `package.json`. */
export const TOOL = { name: 'evidence-ledger', version: '0.1.0' } as const
