/** The machines of the estate with the addresses that its file names. Each has a folder of its name here. */
export const HOSTS = [
  { name: 'host-110', address: '192.168.0.110' },
  { name: 'host-120', address: '192.168.0.120' },
  { name: 'host-121', address: '192.168.0.121' },
  { name: 'host-188', address: '192.168.0.188' },
  { name: 'host-112', address: '192.168.0.112' },
] as const
export type HostName = (typeof HOSTS)[number]['name']

const SITES = [
  ...['awoooi', '2026fifa', 'agent-bounty', 'aiops', 'awooogo', 'bitan', 'gitea', 'harbor', 'langfuse', 'mo', 'registry', 'sentry', 'signoz', 'stock'],
  ...['tsenyang', 'vibework', 'vtuber'],
]
/** Public names of the estate; all of them end at the edge on 188. */
export const PUBLIC_NAMES = SITES.map((name) => `${name}.wooo.work`)
