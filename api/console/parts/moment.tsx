import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'

/** A moment of the record: UTC, as it is written there, with the reader's own time as title. */
export function Moment({ at }: { at: string | null | undefined }) {
  const { t, i18n } = useTranslation()
  if (!at) return <span className="muted">{t('common.none')}</span>
  const time = new Date(at)
  if (Number.isNaN(time.getTime())) return <span>{at}</span>
  const local = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'long' }).format(time)
  return (
    <time dateTime={at} title={local}>
      {utcText(at)}
    </time>
  )
}

/** `2026-06-27 03:50:46 UTC` of RFC 3339 text. */
export function utcText(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
}

const TICK_MS = 10_000
const ticking = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  ticking.add(listener)
  timer ??= setInterval(tick, TICK_MS)
  return () => {
    ticking.delete(listener)
    if (ticking.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function tick(): void {
  now = Date.now()
  for (const listener of ticking) listener()
}

/** The time, told every ten seconds: old answers grow old also on a page that nobody touches. Milliseconds since 1970. */
export function useNow(): number {
  const told = useSyncExternalStore(subscribe, () => now)
  return Math.max(told, now)
}

/** "3 minutes ago" in the reader's language, from milliseconds. */
export function ageText(ms: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return format.format(-seconds, 'second')
  if (seconds < 5400) return format.format(-Math.round(seconds / 60), 'minute')
  if (seconds < 129_600) return format.format(-Math.round(seconds / 3600), 'hour')
  return format.format(-Math.round(seconds / 86_400), 'day')
}
