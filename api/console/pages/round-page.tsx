import { useTranslation } from 'react-i18next'
import type { Snapshot } from '../data/shapes.ts'
import { Section } from '../parts/section.tsx'
import { RoundCoverage } from './round-coverage.tsx'
import { RoundFrame } from './round-frame.tsx'
import { RoundGate } from './round-gate.tsx'
import { RoundKeys } from './round-keys.tsx'

/** One round: what it covered, its gates (the first blocked one on top) with every check, then the summary's keys. */
export function RoundPage({ params }: { params: { id: string } }) {
  const { t } = useTranslation()
  return (
    <RoundFrame id={params.id} tab="gates">
      {(snapshot) => (
        <>
          <RoundCoverage snapshot={snapshot} />
          <Section
            title={t('round.gates')}
            note={snapshot.first_blocked_gate === null ? t('round.gatesNote') : t('round.gatesBlockedNote', { gate: snapshot.first_blocked_gate })}
          >
            {gatesInOrder(snapshot).map(({ gate, place }) => (
              <RoundGate key={gate.id} snapshot={snapshot} gate={gate} place={place} />
            ))}
          </Section>
          <RoundKeys snapshot={snapshot} />
        </>
      )}
    </RoundFrame>
  )
}

/** In the estate's order, but the first blocked one before all others. `place` counts from 1. */
function gatesInOrder({ gates, first_blocked_gate: first }: Snapshot) {
  const placed = gates.map((gate, index) => ({ gate, place: index + 1 }))
  return [...placed.filter(({ gate }) => gate.id === first), ...placed.filter(({ gate }) => gate.id !== first)]
}
