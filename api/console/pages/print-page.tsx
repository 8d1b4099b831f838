import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { apiPath, askJson } from '../data/api-client.ts'
import { roundQuery } from '../data/queries.ts'
import type { OwnerPackets } from '../data/shapes.ts'
import { Facts } from '../parts/facts.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Page } from '../parts/page.tsx'
import { IntegrityMark } from '../parts/round-marks.tsx'
import { roundPath, useUrlState } from '../parts/url-state.ts'
import { NotFoundPage } from './not-found-page.tsx'
import { Items } from './owner-gate.tsx'
import classes from './print-page.module.css'
import { isRoundId } from './round-frame.tsx'

/** Owner packets to read on paper. Taking them is recorded, so it happens only when asked for, and once. */
export function PrintPage({ params }: { params: { id: string } }) {
  return isRoundId(params.id) ? <Printable id={params.id} /> : <NotFoundPage />
}

function Printable({ id }: { id: string }) {
  const { t } = useTranslation()
  const [{ policy }] = useUrlState(['policy'])
  const [isAsked, setAsked] = useState(false)
  // Packets do not hold it, and a reader of paper must know how far their round is to be trusted.
  const round = useQuery(roundQuery(id))
  const query = useQuery({
    queryKey: ['packets', id, policy],
    queryFn: ({ signal }) => askJson<OwnerPackets>(apiPath(['rounds', id, 'packets'], { policy }), { signal }),
    enabled: isAsked,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  return (
    <Page
      title={`${t('packets.print')} · ${id}`}
      heading={t('packets.printTitle')}
      lead={t('packets.printLead')}
      trail={[
        { to: '/', label: t('nav.rounds') },
        { to: roundPath(id, '/packets', policy), label: id },
      ]}
    >
      {isAsked ? (
        <Loaded query={round}>{({ integrity }) => <Loaded query={query}>{(packets) => <Packets packets={packets} integrity={integrity} />}</Loaded>}</Loaded>
      ) : (
        <div>
          <Button onClick={() => setAsked(true)}>{t('packets.fetchForPrint')}</Button>
        </div>
      )}
    </Page>
  )
}

function Packets({ packets, integrity }: { packets: OwnerPackets; integrity: string }) {
  const { t } = useTranslation()
  const isTrusted = integrity === 'verified' || integrity === 'legacy_unverified'
  const { source } = packets
  return (
    <>
      <div className="no-print">
        <Button onClick={() => window.print()}>{t('packets.printNow')}</Button>
      </div>
      <Facts
        rows={[
          [
            t('rounds.round'),
            <span key="round" className="word">
              {source.artifact_id}
            </span>,
          ],
          [t('rounds.estate'), source.estate],
          [t('rounds.policy'), `sop@${source.policy_version}`],
          [
            t('rounds.result'),
            <span key="result" className="word">
              {source.overall_declaration}
            </span>,
          ],
          [t('rounds.integrity'), <IntegrityMark key="integrity" integrity={integrity} />],
          [
            t('integrity.root'),
            <span key="root" className="word">
              {source.evidence_root ?? '-'}
            </span>,
          ],
          [
            t('integrity.summary'),
            <span key="summary" className="word">
              {source.summary_digest}
            </span>,
          ],
          [
            t('packets.setDigest'),
            <span key="set" className="word">
              {packets.packet_set_digest}
            </span>,
          ],
        ]}
      />
      {packets.owner_packets.length === 0 ? <p>{t(isTrusted ? 'packets.noneRequired' : 'packets.notKnown')}</p> : null}
      {packets.owner_packets.map((packet) => (
        <article key={packet.gate_id} className={classes.packet} aria-label={packet.gate_id}>
          <h2 className="word">{packet.gate_id}</h2>
          <p>
            {packet.priority} · {t('packets.owner')}: <span lang="en">{packet.owner_role}</span>
          </p>
          <Items title={t('packets.current')} items={packet.current_evidence} isWord />
          <div>
            <h3 className="small muted">{t('packets.required')}</h3>
            <ol lang="en" className={classes.evidence}>
              {packet.required_evidence.map((one) => (
                <li key={one.id}>
                  <span className="word">{one.id}</span>: {one.description}
                  <Items title={t('packets.acceptable')} items={one.acceptable} />
                  <Items title={t('packets.neverSend')} items={one.forbidden} />
                </li>
              ))}
            </ol>
          </div>
          <Items title={t('packets.forbidden')} items={packet.forbidden_actions} />
          <Items title={t('packets.after')} items={packet.post_checks} />
          <p className="word">{packet.packet_digest}</p>
        </article>
      ))}
    </>
  )
}
