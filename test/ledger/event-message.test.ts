import { expect, it } from 'vitest'
import { textToMessage, toEventMessage } from '../../ledger/event-message.ts'
import { makeEvent, makeGuardEvaluated, makeRound, makeTcpObserved } from '../support/make-events.ts'

const ATTRIBUTES = ['specversion', 'id', 'type', 'source', 'subject', 'time', 'dataschema', 'checkid'] as const

it('the headers of a message are the attributes of its event, whatever the data says', () => {
  const mean = {
    target: 'x ,"datacontenttype":"y","subject":"other"}',
    host: null,
    reason: 'timeout',
    stage: 'connect',
    detail: '{"checkid":"other"',
    attempts: [],
  }
  const events = [
    ...makeRound('round-a', 5),
    makeGuardEvaluated('round-a', 9),
    makeTcpObserved('round-b', 1, 'check-9'),
    makeEvent('round-a', 8, 'evidence.check.failed.v1', mean, 'check-2'),
  ]
  for (const event of events) {
    const text = Buffer.from(event.bytes).toString('utf8')
    const envelope = JSON.parse(text) as Record<string, string>
    const wanted = Object.fromEntries(ATTRIBUTES.filter((name) => name in envelope).map((name) => [`ce_${name}`, envelope[name]]))
    const { key, value, headers } = toEventMessage(event)
    expect(headers).toEqual({ 'content-type': 'application/cloudevents+json; charset=UTF-8', ...wanted })
    expect(key).toBe(event.subject)
    expect(Buffer.from(value).equals(event.bytes)).toBe(true)
    expect(textToMessage(text)).toEqual({ key, value: Buffer.from(event.bytes), headers })
  }
})

it('a text without a subject is no event', () => {
  expect(() => textToMessage('{"data":{},"datacontenttype":"x"}')).toThrow('no subject')
})
