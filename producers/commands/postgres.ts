/** Is anybody accepting? Asks like a client and logs in as nobody. `-t` is in whole seconds; 0 would wait for ever. */
export function pgIsReady({ address, port, timeoutMs }: { address: string; port: number; timeoutMs: number }): string[] {
  return ['pg_isready', '-h', address, '-p', String(port), '-t', String(Math.max(1, Math.floor(timeoutMs / 1000)))]
}

/** Clusters of Debian's postgresql-common, one a line, without its header. */
export const PG_LSCLUSTERS = ['pg_lsclusters', '-h']

/** The last mebibyte of a log. */
export function tailOfLog({ path }: { path: string }): string[] {
  return ['tail', '-c', '1048576', '--', path]
}
