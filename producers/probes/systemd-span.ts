/** Microseconds in each word of systemd's time spans, as `systemctl` writes them (systemd.time(7)). */
const UNITS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1000,
  s: 1_000_000,
  min: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
  w: 604_800_000_000,
  month: 2_629_800_000_000,
  y: 31_557_600_000_000,
}

/** `1min 30s` in microseconds, `0`, `infinity`; null for anything else. */
export function parseSpan(text: string): number | 'infinity' | null {
  if (text === 'infinity') return 'infinity'
  if (text === '0') return 0
  let sum = 0
  for (const part of text.split(' ')) {
    const match = /^(\d{1,15}(?:\.\d{1,6})?)([a-z]+)$/u.exec(part)
    const factor = UNITS[match?.[2] ?? '']
    if (match === null || factor === undefined) return null
    sum += Number(match[1]) * factor
  }
  return Math.round(sum)
}
