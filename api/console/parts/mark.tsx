import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { paintOf, type Tone, type Trust } from '../trust/tone.ts'
import { useTrust } from '../trust/trust-context.ts'
import classes from './mark.module.css'
import { ToneIcon } from './tone-icon.tsx'

type MarkProps = { tone: Tone; children: ReactNode; size?: 'large' | 'plain'; integrity?: string | null; caveat?: 'full' | 'tag' | 'hidden' }

/**
 * A word with its shape and colour. Colour and edge follow from how far the data around it can be believed; where it cannot, that
 * is also said in words (`caveat`), for those who do not see the edge.
 */
export function Mark({ tone, children, size, integrity, caveat: kind = 'full' }: MarkProps) {
  const { t } = useTranslation()
  const trust = useTrust(integrity)
  const paint = paintOf(tone, trust)
  const caveat = trust === 'verified' ? null : t(`trust.${trust}.${kind === 'tag' ? 'tag' : 'short'}`)
  return (
    <span className={[classes.mark, size === undefined ? '' : classes[size]].join(' ')} data-paint={paint} data-trust={trust}>
      <ToneIcon paint={paint} size={size === 'large' ? 20 : 15} />
      <span>
        {children}
        {caveat === null ? null : kind !== 'hidden' ? (
          <span className={classes.caveat}> · {caveat}</span>
        ) : (
          <span className="hidden-visually"> ({caveat})</span>
        )}
      </span>
    </span>
  )
}

/** A mark of a state of this page or of a request, not of a round: coloured as asked, never green unless `tone` says so and `isFresh`. */
export function PlainMark({ tone, isFresh = true, children }: { tone: Tone; isFresh?: boolean; children: ReactNode }) {
  const trust: Trust = isFresh ? 'verified' : 'stale'
  const paint = paintOf(tone, trust)
  return (
    <span className={classes.mark} data-paint={paint} data-trust={trust}>
      <ToneIcon paint={paint} size={15} />
      <span>{children}</span>
    </span>
  )
}
