import { v5 } from 'uuid'
import type { EvidenceEvent } from '../../schemas/event.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import type { Bundle } from './bundle.ts'
import { type Outcome, roundOutcome } from './round-outcome.ts'

/** NIST OSCAL, model assessment-results; the published schema of this version is in test/vendor-schemas/. */
export const OSCAL_VERSION = '1.2.3'
const NS = 'urn:evidence-ledger:oscal'
/** The whole round among the gates, whose ids have no small letters. */
const WHOLE = 'round'
/** UUIDv5 of `NS` as a URL: where all UUIDs of these documents come from. */
const NAMESPACE = v5(NS, v5.URL)

type Verdict = Snapshot['checks'][number]
type Named = (kind: string, id: string) => string

/**
 * A round as OSCAL assessment-results: an observation a check, a finding a gate and one for the whole. Pure: UUIDs are
 * version 5 over the snapshot's digest, and times are the round's own, so the same round under the same policy gives the
 * same bytes. An objective is `satisfied` only where nothing less than green was seen and the root was proved.
 */
export function toOscalResults({ files, manifest, snapshot }: Bundle) {
  const uuid: Named = (kind, id) => v5(`${manifest.snapshot_digest} ${kind} ${id}`, NAMESPACE)
  const at = snapshot.sealed_at ?? snapshot.opened_at
  const events = eventsOf(files.find((file) => file.path === 'events.ndjson')?.bytes ?? new Uint8Array())
  const outcome = roundOutcome(snapshot)
  return {
    'assessment-results': {
      uuid: uuid('document', manifest.artifact_id),
      metadata: {
        title: `Evidence round ${manifest.artifact_id}`,
        'last-modified': at,
        version: manifest.snapshot_digest,
        'oscal-version': OSCAL_VERSION,
        props: [prop('tool', `${manifest.tool.name} ${manifest.tool.version}`)],
        remarks: 'Made from the events of one round. It authorizes nothing.',
      },
      'import-ap': {
        href: `#${uuid('resource', 'estate.json')}`,
        remarks: 'The estate document takes the place of an assessment plan: it declares every check.',
      },
      'local-definitions': { 'objectives-and-methods': snapshot.gates.map((gate) => objective(gate.id)).concat(objective(WHOLE)) },
      results: [
        {
          uuid: uuid('result', manifest.artifact_id),
          title: `Round ${manifest.artifact_id} under policy sop@${manifest.policy.version}`,
          description: `Overall declaration ${manifest.overall_declaration}, integrity ${manifest.evidence.integrity}.`,
          start: snapshot.opened_at,
          ...(snapshot.sealed_at === null ? {} : { end: snapshot.sealed_at }),
          props: resultProps({ manifest, snapshot }, outcome.result),
          'reviewed-controls': {
            description: 'The gates of the estate; it refers to no control catalogue.',
            'control-selections': [{ 'include-all': {} }],
            'control-objective-selections': [{ 'include-all': {} }],
          },
          ...listed(
            'observations',
            snapshot.checks.map((check) => observation(check, uuid, events, at)),
          ),
          findings: [...snapshot.gates.map((gate) => gateFinding(gate, snapshot, uuid)), roundFinding(snapshot, outcome.result, uuid)],
        },
      ],
      'back-matter': {
        resources: manifest.files
          .filter(({ path }) => path !== 'decisions.ndjson' && path !== 'reviews.ndjson')
          .map(({ path, sha256 }) => ({
            uuid: uuid('resource', path),
            title: path,
            description: `File of the audit bundle of ${manifest.artifact_id}.`,
            rlinks: [{ href: `${manifest.artifact_id}/${path}`, 'media-type': mediaTypeOf(path), hashes: [{ algorithm: 'SHA-256', value: sha256 }] }],
          })),
      },
    },
  }
}

function resultProps({ manifest, snapshot }: Pick<Bundle, 'manifest' | 'snapshot'>, result: Outcome) {
  const { coverage, evidence } = snapshot
  return [
    prop('result', result),
    prop('overall-declaration', manifest.overall_declaration),
    prop('integrity', evidence.integrity),
    prop('evidence-root', evidence.root),
    prop('evidence-count', String(evidence.count)),
    prop('policy', `sop@${manifest.policy.version}`),
    prop('summary-digest', manifest.summary_digest),
    prop('estate-digest', manifest.estate.digest),
    prop('checks-expected', String(coverage.expected)),
    prop('checks-observed', String(coverage.observed)),
    prop('checks-unobserved', String(coverage.unobserved)),
    prop('checks-not-evaluated', String(coverage.not_evaluated)),
    prop('checks-conflicting', String(coverage.conflicting)),
  ]
}

/** Tokens begin with a letter, which gate ids need not. */
function objectiveId(gate: string): string {
  return `objective-${gate}`
}

function objective(gate: string) {
  const prose = gate === WHOLE ? 'The whole round is green.' : `Gate ${markdown(gate)} is green: each of its checks was observed and passed.`
  return { 'control-id': `gate-${gate}`, parts: [{ id: objectiveId(gate), name: 'assessment-objective', prose }] }
}

function observation(check: Verdict, uuid: Named, events: ReadonlyMap<string, EvidenceEvent>, at: string) {
  const seen = check.event_ids.flatMap((id) => events.get(id) ?? [])
  const times = seen.map((event) => event.time).sort()
  return {
    uuid: uuid('observation', check.id),
    title: check.id,
    description: check.reasons.length > 0 ? markdown(check.reasons.join('; ')) : `${check.status}, without remarks.`,
    props: [
      prop('status', check.status),
      ...(check.warning_class === null ? [] : [prop('warning-class', check.warning_class)]),
      prop('observed', check.observed),
      prop('severity', check.severity),
      prop('probe-kind', check.kind),
      prop('gate', check.gate),
      ...(check.conflicting ? [prop('conflicting', 'true')] : []),
      ...(check.after_retry ? [prop('after-retry', 'true')] : []),
      ...(check.counted ? [] : [prop('counted', 'false')]),
    ],
    methods: [check.observed === 'observed' ? 'TEST' : 'UNKNOWN'],
    ...listed(
      'relevant-evidence',
      seen.map((event) => ({
        href: `#${uuid('resource', 'events.ndjson')}`,
        description: `Event ${event.id} of type ${markdown(event.type)}.`,
        props: [prop('event-id', event.id), prop('event-time', event.time)],
      })),
    ),
    // What was never looked at has no time of its own: that of the round's end.
    collected: times.at(-1) ?? at,
  }
}

function gateFinding({ id, status }: Snapshot['gates'][number], { checks, evidence }: Snapshot, uuid: Named) {
  const own = checks.filter((check) => check.gate === id)
  const isSatisfied = status === 'GREEN' && evidence.integrity === 'verified' && own.every((check) => check.status === 'PASS')
  return {
    uuid: uuid('finding', id),
    title: `Gate ${id}`,
    description: `Gate ${markdown(id)} is ${status}.`,
    target: target(id, isSatisfied, status === 'BLOCKED'),
    ...listed(
      'related-observations',
      own.map((check) => ({ 'observation-uuid': uuid('observation', check.id) })),
    ),
  }
}

function roundFinding({ summary, evidence }: Snapshot, result: Outcome, uuid: Named) {
  return {
    uuid: uuid('finding', WHOLE),
    title: 'The whole round',
    description: `Overall declaration ${markdown(summary.OVERALL_DECLARATION ?? 'unknown')}, integrity ${markdown(evidence.integrity)}.`,
    target: target(WHOLE, result === 'PASSED', result === 'FAILED'),
  }
}

function target(gate: string, isSatisfied: boolean, isFailed: boolean) {
  const reason = isSatisfied ? 'pass' : isFailed ? 'fail' : 'other'
  return { type: 'objective-id', 'target-id': objectiveId(gate), status: { state: isSatisfied ? 'satisfied' : 'not-satisfied', reason } }
}

function prop(name: string, value: string) {
  return { name, ns: NS, value }
}

/** OSCAL has no empty lists. */
function listed<K extends string, T>(key: K, list: readonly T[]): Partial<Record<K, readonly T[]>> {
  return (list.length === 0 ? {} : { [key]: list }) as Partial<Record<K, readonly T[]>>
}

/** Descriptions are Markdown: what a probe saw must not become a link or markup. */
function markdown(text: string): string {
  return text.replace(/[\\`*_[\]<>&!|~]/g, '\\$&')
}

function mediaTypeOf(path: string): string {
  if (path.endsWith('.ndjson')) return 'application/x-ndjson'
  return path.endsWith('.json') ? 'application/json' : 'text/plain'
}

function eventsOf(lines: Uint8Array): Map<string, EvidenceEvent> {
  const texts = Buffer.from(lines).toString('utf8').split('\n').slice(0, -1)
  return new Map(texts.map((text) => JSON.parse(text) as EvidenceEvent).map((event) => [event.id, event]))
}
