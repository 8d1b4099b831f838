import { overallTone, statusTone, type Tone } from '../trust/tone.ts'
import { Mark } from './mark.tsx'
import { useWords } from './words.ts'

/** The overall declaration of a round. `integrity` where it is not that of the page. */
export function OverallMark({
  overall,
  integrity,
  size,
  caveat,
}: {
  overall: string
  integrity?: string
  size?: 'large' | 'plain'
  caveat?: 'full' | 'tag' | 'hidden'
}) {
  const words = useWords()
  return (
    <Mark
      tone={overallTone(overall)}
      {...(size === undefined ? {} : { size })}
      {...(integrity === undefined ? {} : { integrity })}
      {...(caveat === undefined ? {} : { caveat })}
    >
      {words.overall(overall)}
    </Mark>
  )
}

/** The status of a check, a gate or the cold start, with its warning class. */
export function StatusMark({ status, warningClass = null }: { status: string; warningClass?: string | null }) {
  const words = useWords()
  return (
    <Mark tone={statusTone(status)} caveat="hidden">
      {words.status(status)}
      {warningClass === null ? '' : ` (${words.warningClass(warningClass)})`}
    </Mark>
  )
}

const INTEGRITY_TONE: Readonly<Record<string, Tone>> = { verified: 'good', legacy_unverified: 'unknown', unsealed: 'degraded', mismatch: 'bad' }

/** Whether a round is what was sealed, in a word. */
export function IntegrityMark({ integrity }: { integrity: string }) {
  const words = useWords()
  return (
    <Mark tone={INTEGRITY_TONE[integrity] ?? 'unknown'} integrity={integrity} caveat="hidden">
      {words.integrity(integrity)}
    </Mark>
  )
}
