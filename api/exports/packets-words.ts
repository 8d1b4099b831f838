import type { RoundIntegrity } from '../../schemas/summary.ts'

/** Languages of the printable packets; what the packets themselves say is not translated: it is what digests are over. */
export const PACKET_LANGUAGES = ['en', 'zh-Hant'] as const
export type PacketLanguage = (typeof PACKET_LANGUAGES)[number]

export type PacketWords = {
  readonly title: string
  readonly notice: string
  readonly noSecrets: string
  readonly round: string
  readonly estate: string
  readonly policy: string
  readonly overall: string
  readonly integrity: string
  readonly integrityMeans: Readonly<Record<RoundIntegrity, string>>
  readonly evidenceRoot: string
  readonly evidenceCount: string
  readonly summaryDigest: string
  readonly setDigest: string
  readonly packetDigest: string
  readonly gates: string
  readonly none: string
  /** In the place of `none` where nothing in the round is trusted. */
  readonly notKnown: string
  readonly gate: string
  readonly owner: string
  readonly priority: string
  readonly currentEvidence: string
  readonly requiredEvidence: string
  readonly item: string
  readonly acceptable: string
  readonly never: string
  readonly reference: string
  readonly recordedOn: string
  readonly forbiddenActions: string
  readonly postChecks: string
  readonly review: string
  readonly reviewNotice: string
  readonly ownerName: string
  readonly reviewerName: string
  readonly signature: string
  readonly date: string
  readonly decision: string
  readonly accepted: string
  readonly rejected: string
  readonly until: string
  readonly remarks: string
  readonly nothingGranted: string
  readonly packetOf: (n: number, of: number) => string
}

export const PACKET_WORDS: Readonly<Record<PacketLanguage, PacketWords>> = {
  en: {
    title: 'Owner packets',
    notice: 'For review. This is neither a request nor an approval, and it authorizes nothing.',
    noSecrets: 'Write references only. Never write a secret, a part of one or its hash on these sheets.',
    round: 'Round',
    estate: 'Estate',
    policy: 'Policy',
    overall: 'Overall declaration',
    integrity: 'Integrity of the round',
    integrityMeans: {
      verified: 'the events are what was sealed',
      legacy_unverified: 'a transcript: written down by people, not observed',
      unsealed: 'never sealed: nothing in it is trusted',
      mismatch: 'not what was sealed: nothing in it is trusted',
    },
    evidenceRoot: 'Evidence root',
    evidenceCount: 'Events under the root',
    summaryDigest: 'Summary digest',
    setDigest: 'Packet set digest',
    packetDigest: 'Packet digest',
    gates: 'Owner gates that are open',
    none: 'None: this round leaves no owner gate open.',
    notKnown: 'Not known: nothing in this round is trusted. Run a new round.',
    gate: 'Owner gate',
    owner: 'Owner',
    priority: 'Priority',
    currentEvidence: 'What the round saw',
    requiredEvidence: 'What the owner must show',
    item: 'Item',
    acceptable: 'Accepted references',
    never: 'Never send',
    reference: 'Reference',
    recordedOn: 'Recorded on',
    forbiddenActions: 'Not allowed',
    postChecks: 'Afterwards',
    review: 'Signatures',
    reviewNotice: 'What counts is the response file after its preflight, and a recorded review. A signature here is a note for people.',
    ownerName: 'Owner',
    reviewerName: 'Independent reviewer (neither owner nor operator)',
    signature: 'Signature',
    date: 'Date',
    decision: 'Decision',
    accepted: 'accepted',
    rejected: 'rejected',
    until: 'Acceptance ends on',
    remarks: 'Remarks',
    nothingGranted: 'Counters and flags, all of them 0',
    packetOf: (n, of) => `Packet ${n} of ${of}`,
  },
  'zh-Hant': {
    title: '負責人資料包',
    notice: '供審閱之用。這不是請求，也不是核准，不授權任何動作。',
    noSecrets: '只填寫參照編號。切勿在這些頁面上寫下機密、機密的一部分或其雜湊值。',
    round: '輪次',
    estate: '環境',
    policy: '規則版本',
    overall: '整體宣告',
    integrity: '輪次完整性',
    integrityMeans: {
      verified: '事件與封存時一致',
      legacy_unverified: '轉錄：由人從文件轉錄，並非實際觀測',
      unsealed: '從未封存：其中內容皆不可信',
      mismatch: '與封存內容不符：其中內容皆不可信',
    },
    evidenceRoot: '證據根雜湊',
    evidenceCount: '根之下的事件數',
    summaryDigest: '摘要檔的摘要值',
    setDigest: '整組資料包的摘要值',
    packetDigest: '資料包的摘要值',
    gates: '尚未關閉的負責人關卡',
    none: '無：本輪沒有尚未關閉的負責人關卡。',
    notKnown: '無從得知：本輪內容皆不可信，請重新執行一輪。',
    gate: '負責人關卡',
    owner: '負責人',
    priority: '優先順序',
    currentEvidence: '本輪所見',
    requiredEvidence: '負責人必須提出的證明',
    item: '項目',
    acceptable: '可接受的參照',
    never: '切勿傳送',
    reference: '參照編號',
    recordedOn: '記錄日期',
    forbiddenActions: '禁止的動作',
    postChecks: '完成後的檢查',
    review: '簽署',
    reviewNotice: '有效的是通過預檢的回覆檔與已記錄的審查；此處的簽名僅供人員參考。',
    ownerName: '負責人',
    reviewerName: '獨立審查人（不得為負責人或操作員）',
    signature: '簽名',
    date: '日期',
    decision: '決定',
    accepted: '接受',
    rejected: '拒絕',
    until: '接受有效至',
    remarks: '備註',
    nothingGranted: '計數與旗標，全部為 0',
    packetOf: (n, of) => `第 ${n} 份，共 ${of} 份`,
  },
}
