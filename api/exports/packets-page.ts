import { type OwnerPacket, type OwnerPackets, PACKET_ZEROS } from '../../schemas/packets.ts'
import type { RoundIntegrity } from '../../schemas/summary.ts'
import { PACKETS_CSP, PACKETS_STYLE } from './packets-style.ts'
import { PACKET_WORDS, type PacketLanguage, type PacketWords } from './packets-words.ts'

/**
 * Owner packets as one page to read, print and sign: self-contained HTML without script, a packet a sheet, with its
 * digest and blank fields. Pure, without a clock: the same packets give the same bytes. Everything that comes from the
 * packets is escaped; only headings are translated. `integrity`: of the round, which packets do not hold and a reader of paper must know.
 */
export function packetsPage(packets: OwnerPackets, integrity: RoundIntegrity, language: PacketLanguage): string {
  const words = PACKET_WORDS[language]
  const count = packets.owner_packets.length
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(PACKETS_CSP.replace("; frame-ancestors 'none'", ''))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${words.title}: ${escapeHtml(packets.source.artifact_id)}</title>
<style>${PACKETS_STYLE}</style>
</head>
<body>
<main>
${cover(packets, integrity, words)}
${packets.owner_packets.map((packet, index) => sheet(packet, words, words.packetOf(index + 1, count), packets.source.artifact_id)).join('\n')}
</main>
</body>
</html>
`
}

function cover(packets: OwnerPackets, integrity: RoundIntegrity, words: PacketWords): string {
  const { source } = packets
  const isTrusted = integrity === 'verified' || integrity === 'legacy_unverified'
  const rows = packets.owner_packets.map(
    (packet) =>
      `<tr><td>${code(packet.gate_id)}</td><td>${escapeHtml(packet.owner_role)}</td><td>${escapeHtml(packet.priority)}</td><td>${code(packet.packet_digest)}</td></tr>`,
  )
  const gates = `<table class="gates"><thead><tr>${heads([words.gate, words.owner, words.priority, words.packetDigest])}</tr></thead><tbody>${rows.join('')}</tbody></table>`
  return `<header>
<h1>${words.title}</h1>
<div class="notice"><strong>${words.notice}</strong>${words.noSecrets}</div>
<dl>
${pairs([
  [words.round, code(source.artifact_id)],
  [words.estate, code(source.estate)],
  [words.policy, code(`sop@${source.policy_version}`)],
  [words.overall, code(source.overall_declaration)],
  [words.integrity, `${code(integrity)} ${words.integrityMeans[integrity]}`],
  [words.evidenceCount, code(String(source.evidence_count ?? 'unknown'))],
  [words.evidenceRoot, code(source.evidence_root ?? 'unknown')],
  [words.summaryDigest, code(source.summary_digest)],
  [words.setDigest, code(packets.packet_set_digest)],
])}
</dl>
</header>
<section>
<h3>${words.gates}</h3>
${rows.length === 0 ? `<p>${isTrusted ? words.none : words.notKnown}</p>` : gates}
<h3>${words.nothingGranted}</h3>
<p>${PACKET_ZEROS.map((key) => code(`${key}=${packets[key]}`)).join(' &nbsp; ')}</p>
</section>`
}

function sheet(packet: OwnerPacket, words: PacketWords, kicker: string, round: string): string {
  return `<section class="packet">
<p class="kicker">${kicker} · ${words.round} ${code(round)}</p>
<h2>${escapeHtml(packet.gate_id)}</h2>
<dl>
${pairs([
  [words.owner, escapeHtml(packet.owner_role)],
  [words.priority, escapeHtml(packet.priority)],
  [words.packetDigest, code(packet.packet_digest)],
])}
</dl>
<h3>${words.currentEvidence}</h3>
<ul>${packet.current_evidence.map((one) => `<li>${code(one)}</li>`).join('')}</ul>
<h3>${words.requiredEvidence}</h3>
<table class="evidence"><thead><tr>${heads([words.item, words.acceptable, `${words.reference} / ${words.recordedOn}`])}</tr></thead><tbody>
${packet.required_evidence.map((one) => evidenceRow(one, words)).join('\n')}
</tbody></table>
${whole(words.forbiddenActions, packet.forbidden_actions)}
${whole(words.postChecks, packet.post_checks)}
${signatures(words)}
</section>`
}

function evidenceRow(one: OwnerPacket['required_evidence'][number], words: PacketWords): string {
  const never = `<small><strong>${words.never}:</strong> ${one.forbidden.map(escapeHtml).join('; ')}</small>`
  const blank = `<small>${words.reference}:</small><br><small>${words.recordedOn}:</small>`
  return `<tr><td>${code(one.id)}<br>${escapeHtml(one.description)}${never}</td><td><ul>${one.acceptable.map((kind) => `<li>${code(kind)}</li>`).join('')}</ul></td><td>${blank}</td></tr>`
}

function signatures(words: PacketWords): string {
  const row = (who: string): string => `<tr><td><small>${who}</small></td><td><small>${words.signature}</small></td><td><small>${words.date}</small></td></tr>`
  const box = (text: string): string => `<span class="box"></span>${text}`
  return `<div class="sign">
<h3>${words.review}</h3>
<p>${words.reviewNotice}</p>
<table><tbody>
${row(words.ownerName)}
${row(words.reviewerName)}
<tr><td colspan="2"><small>${words.decision}</small>${box(words.accepted)}${box(words.rejected)}</td><td><small>${words.until}</small></td></tr>
</tbody></table>
<div class="lines">${words.remarks}</div>
</div>`
}

function pairs(list: readonly (readonly [string, string])[]): string {
  return list.map(([term, value]) => `<dt>${term}</dt><dd>${value}</dd>`).join('\n')
}

function heads(names: readonly string[]): string {
  return names.map((name) => `<th scope="col">${name}</th>`).join('')
}

/** A heading and its list, never on two sheets. */
function whole(heading: string, items: readonly string[]): string {
  return `<div class="whole"><h3>${heading}</h3><ul>${items.map((one) => `<li>${escapeHtml(one)}</li>`).join('')}</ul></div>`
}

function code(text: string): string {
  return `<code>${escapeHtml(text)}</code>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
