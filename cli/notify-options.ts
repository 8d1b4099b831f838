import { Notifier } from '../api/monitor/notifier.ts'
import { parseWebhookUrl, sendWebhook, WEBHOOK_TIMES } from '../api/monitor/send-webhook.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { note } from './output.ts'

export type NotifyOptions = { notifyUrl?: string; notifyCooldown?: number; notifyDryRun?: boolean }

/** Null where nobody is to be told. What was told is kept beside the ledger, by estate. Throws `usage`. */
export function buildNotifier(options: NotifyOptions & { ledger: string }, estateId: string, signal: AbortSignal): Notifier | null {
  const { notifyUrl, notifyCooldown = 21_600, notifyDryRun = false } = options
  if (notifyUrl === undefined && !notifyDryRun) return null
  const url = notifyUrl === undefined ? null : parseWebhookUrl(notifyUrl)
  return new Notifier({
    stateFile: `${options.ledger}.notify-${estateId}.json`,
    cooldownS: notifyCooldown,
    send: url === null || notifyDryRun ? null : (message) => sendWebhook(url, message, WEBHOOK_TIMES, signal),
    now: () => new Date(),
    note,
  })
}

/** Options of notifications that mean nothing without a receiver. Throws `usage`. */
export function assertNotifyOptions(options: NotifyOptions): void {
  if (options.notifyCooldown !== undefined && options.notifyUrl === undefined && !options.notifyDryRun) {
    throw new EvidenceError('usage', '--notify-cooldown needs --notify-url or --notify-dry-run')
  }
}
