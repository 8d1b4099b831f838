import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { eventTextQuery } from '../data/queries.ts'
import { Loaded } from '../parts/loaded.tsx'
import { roundPath } from '../parts/url-state.ts'
import classes from './check-evidence.module.css'
import { EventFacts } from './event-facts.tsx'

/** The events behind a check: every attempt, what was seen, and the event as the ledger has it. */
export function CheckEvidence({ roundId, eventIds }: { roundId: string; eventIds: readonly string[] }) {
  const { t } = useTranslation()
  if (eventIds.length === 0) return <p>{t('event.none')}</p>
  return (
    <div className={classes.list}>
      {eventIds.map((id) => (
        <OneEvent key={id} roundId={roundId} eventId={id} />
      ))}
    </div>
  )
}

function OneEvent({ roundId, eventId }: { roundId: string; eventId: string }) {
  const { t } = useTranslation()
  const query = useQuery(eventTextQuery(roundId, eventId))
  return (
    <div className={classes.event}>
      <Loaded query={query} lines={3}>
        {(text) => (
          <>
            <EventFacts text={text} />
            <p>
              <Link href={roundPath(roundId, `/events/${encodeURIComponent(eventId)}`)}>{t('event.open')}</Link>
            </p>
          </>
        )}
      </Loaded>
    </div>
  )
}
