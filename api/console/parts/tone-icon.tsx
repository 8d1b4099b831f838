import type { ReactNode } from 'react'
import type { Paint } from '../trust/tone.ts'

/** A shape for every colour, so that nothing is said by colour alone. Decoration: the words stand beside it. */
const SHAPES: Readonly<Record<Paint, ReactNode>> = {
  good: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="m4.8 8.3 2.2 2.2 4.3-4.8" fill="none" stroke="var(--mark-ground)" strokeWidth="1.9" strokeLinecap="round" strokeLinejoin="round" />
    </>
  ),
  limited: (
    <>
      <path
        d="M8 .9 14.2 3v5c0 3.6-2.6 6-6.2 7.2C4.400 14 1.800 11.600 1.800 8V3Z"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinejoin="round"
      />
      <path d="m5 8 2.100 2.100L11 6" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" strokeLinejoin="round" />
    </>
  ),
  pending: (
    <>
      <circle cx="8" cy="8" r="6.600" fill="none" stroke="currentColor" strokeWidth="1.700" />
      <path d="M8 4.300V8l2.600 1.700" fill="none" stroke="currentColor" strokeWidth="1.700" strokeLinecap="round" strokeLinejoin="round" />
    </>
  ),
  degraded: (
    <>
      <path d="M8 1.300 15.200 14H.8Z" fill="currentColor" strokeLinejoin="round" />
      <path d="M8 5.800v3.700m0 2.200v.2" stroke="var(--mark-ground)" strokeWidth="1.700" strokeLinecap="round" />
    </>
  ),
  bad: (
    <>
      <path d="M5 .8h6L15.200 5v6L11 15.200H5L.8 11V5Z" fill="currentColor" />
      <path d="m5.400 5.400 5.200 5.200m0-5.200-5.200 5.200" stroke="var(--mark-ground)" strokeWidth="1.800" strokeLinecap="round" />
    </>
  ),
  unknown: (
    <>
      <circle cx="8" cy="8" r="6.600" fill="none" stroke="currentColor" strokeWidth="1.500" strokeDasharray="2.600 2" />
      <path
        d="M6.200 6.400c0-2.400 3.700-2.300 3.700-.2C9.900 7.700 8 7.700 8 9.200m0 2.100v.1"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.600"
        strokeLinecap="round"
      />
    </>
  ),
  claimed: (
    <>
      <path d="M3 1.200h6.600L13 4.600v10.200H3Z" fill="none" stroke="currentColor" strokeWidth="1.500" strokeLinejoin="round" />
      <path d="M5.500 7h5m-5 2.600h5m-5 2.600h3" stroke="currentColor" strokeWidth="1.300" strokeLinecap="round" />
    </>
  ),
  untrusted: (
    <>
      <path d="M8 .6 15.400 8 8 15.400.6 8Z" fill="none" stroke="currentColor" strokeWidth="1.600" strokeLinejoin="round" />
      <path d="m9 3.800-2.600 4h3.200L7 12.200" fill="none" stroke="currentColor" strokeWidth="1.600" strokeLinecap="round" strokeLinejoin="round" />
    </>
  ),
}

export function ToneIcon({ paint, size = 16 }: { paint: Paint; size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" focusable="false">
      {SHAPES[paint]}
    </svg>
  )
}
