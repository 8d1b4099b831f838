/** This program, as rounds, bundles, exports, the API and `--version` name it; a test holds the version to `package.json`. */
export const TOOL = { name: 'evidence-ledger', version: '0.1.0' } as const
