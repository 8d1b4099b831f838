import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { apiPath, askText } from '../data/api-client.ts'
import { dispatchQuery } from '../data/queries.ts'
import type { DispatchResult } from '../data/shapes.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { DownloadButton } from '../parts/download-button.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Notice } from '../parts/notice.tsx'
import { Section } from '../parts/section.tsx'
import { roundPath } from '../parts/url-state.ts'
import { OwnerGate } from './owner-gate.tsx'
import classes from './packets-page.module.css'
import { ResponsePreflight } from './response-preflight.tsx'
import { RoundFrame } from './round-frame.tsx'

/** What only people can close: checklists, packets to take away, and a place to have a response looked at. */
export function PacketsPage({ params }: { params: { id: string } }) {
  return (
    <RoundFrame id={params.id} tab="packets">
      {(_snapshot, policy) => (
        <>
          <Gates id={params.id} policy={policy} />
          <TakeAway id={params.id} policy={policy} />
          <ResponsePreflight id={params.id} />
        </>
      )}
    </RoundFrame>
  )
}

function Gates({ id, policy }: { id: string; policy: string | null }) {
  const { t } = useTranslation()
  const query = useQuery(dispatchQuery(id, policy))
  return (
    <Section title={t('packets.gates')} note={t('packets.gatesNote')}>
      <Loaded query={query} lines={6}>
        {(result) => (
          <>
            <DispatchStatus result={result} />
            {result.gates.map((gate) => (
              <OwnerGate key={gate.id} gate={gate} />
            ))}
            <Zeros result={result} />
          </>
        )}
      </Loaded>
    </Section>
  )
}

function DispatchStatus({ result }: { result: DispatchResult }) {
  const { t } = useTranslation()
  if (result.status === 'none_required') return <p>{t('packets.noneRequired')}</p>
  if (result.status === 'ready') return <p>{t('packets.ready', { count: result.next_gate_count })}</p>
  return (
    <Notice paint="degraded" title={t('packets.held')}>
      <p>
        {t('packets.heldText')} <span className="word">{result.first_blocked_gate ?? ''}</span>
      </p>
    </Notice>
  )
}

const ZEROS = [
  'dispatch_authorized',
  'request_sent_count',
  'owner_response_accepted',
  'host_write_authorized',
  'secret_value_collection_allowed',
  'runtime_gate',
] as const

/** What the guard says about authority: the number 0, every time. Printed as the answer has it. */
function Zeros({ result }: { result: DispatchResult }) {
  const { t } = useTranslation()
  return (
    <div>
      <p className="small muted">{t('packets.zeros')}</p>
      <ul className={classes.zeros}>
        {ZEROS.map((name) => (
          <li key={name} className="word">
            {name}={String(result[name])}
          </li>
        ))}
      </ul>
    </div>
  )
}

function TakeAway({ id, policy }: { id: string; policy: string | null }) {
  const { t } = useTranslation()
  const packets = apiPath(['rounds', id, 'packets'], { policy })
  return (
    <Section title={t('packets.take')} note={t('packets.takeNote')}>
      <div className={classes.actions}>
        <DownloadButton path={packets} name={`${id}-owner-packets.json`} label={t('packets.download')} />
        <CopyButton load={() => askText(packets)} label={t('packets.copy')} />
        <DownloadButton path={apiPath(['rounds', id, 'response-template'], { policy })} name={`${id}-response.json`} label={t('packets.template')} />
        <Link href={roundPath(id, '/packets/print', policy)}>{t('packets.print')}</Link>
      </div>
    </Section>
  )
}
