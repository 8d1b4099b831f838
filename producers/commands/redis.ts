/** One of two commands that change nothing. No password is ever given. */
export function redisCli({ address, port }: { address: string; port: number }, command: 'PING' | 'INFO'): string[] {
  return ['redis-cli', '-h', address, '-p', String(port), command]
}
