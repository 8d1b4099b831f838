import { hash } from 'node:crypto'

/** The whole style of the printable packets: A4 or letter, black on white, a packet begins on a page of its own. */
export const PACKETS_STYLE = `
@page { size: A4; margin: 18mm 16mm 20mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #444 } }
* { box-sizing: border-box }
html { color: #111; background: #fff; font: 10.5pt/1.45 system-ui, "Noto Sans", "Noto Sans TC", "Noto Sans CJK TC", "PingFang TC", "Microsoft JhengHei", sans-serif }
body { max-width: 182mm; margin: 0 auto; padding: 8mm 4mm }
h1 { font-size: 20pt; line-height: 1.2; margin: 0 0 2mm }
h2 { font-size: 15pt; line-height: 1.25; margin: 0 0 1mm; overflow-wrap: anywhere }
h3 { font-size: 11pt; margin: 6mm 0 1.5mm; break-after: avoid }
p { margin: 0 0 2mm }
code { font: 8.2pt/1.4 ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Consolas, monospace; overflow-wrap: anywhere }
.notice { border: 1.5pt solid #111; padding: 2.5mm 3.5mm; margin: 3mm 0 }
.notice strong { display: block }
dl { display: grid; grid-template-columns: 45mm 1fr; gap: 1mm 3mm; margin: 3mm 0 }
dt { font-weight: 600; font-size: 10pt }
dd { margin: 0; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse; margin: 1mm 0 }
th, td { font-size: 9.5pt; line-height: 1.35; border: 0.6pt solid #666; padding: 1.4mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { background: #eee; font-size: 9pt }
.gates th:nth-child(1) { width: 38% } .gates th:nth-child(2) { width: 20% } .gates th:nth-child(3) { width: 11%; overflow-wrap: normal }
thead { display: table-header-group }
tr { break-inside: avoid }
td ul { margin: 0; padding-left: 3mm }
td small { display: block; color: #333; font-size: 8.5pt; overflow-wrap: anywhere }
.evidence th:nth-child(1) { width: 44% } .evidence th:nth-child(2) { width: 28% }
ul { margin: 1mm 0; padding-left: 6mm }
.whole { break-inside: avoid }
.packet { break-before: page }
.kicker { font-size: 9pt; letter-spacing: 0.02em; color: #333; margin: 0 0 1mm }
.sign { break-inside: avoid; margin-top: 6mm }
.sign table { table-layout: fixed }
.sign td { height: 13mm }
.sign td:nth-child(1) { width: 40% } .sign td:last-child { width: 24% }
.lines { height: 18mm; border: 0.6pt solid #666; margin-top: 2mm; padding: 1.4mm 2mm; font-size: 8.5pt }
.box { display: inline-block; width: 3.4mm; height: 3.4mm; border: 1pt solid #111; vertical-align: -0.4mm; margin: 0 1.5mm 0 3mm }
@media screen { .packet { border-top: 2pt solid #111; margin-top: 12mm; padding-top: 6mm } }
@media screen and (max-width: 600px) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin-bottom: 2mm } table { display: block; overflow-x: auto } }
@media print { body { max-width: none; padding: 0 } th { -webkit-print-color-adjust: exact; print-color-adjust: exact } }
`

/** Nothing but this one style: no script, no picture, no form, no address outside. */
export const PACKETS_CSP = `default-src 'none'; style-src 'sha256-${hash('sha256', PACKETS_STYLE, 'base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
