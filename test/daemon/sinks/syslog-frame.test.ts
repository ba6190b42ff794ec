/**
 * Syslog messages byte by byte: header, structured data, priority, escapes and the byte order mark.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxHeaderBytes, octetCounted, severityOf, syslogMessage } from '../../../daemon/sinks/syslog-frame.ts'
import { expectGolden } from '../../support/golden.ts'
import { event } from '../../support/sink-events.ts'

const header = {
  facility: 19,
  host: 'host-1.example',
  appName: 'threecx-hunter',
  processId: 42,
  enterprise: 32473,
  hasMark: true,
}

const cases = {
  ascii: event(1, { line: '{"action":"added","columns":{"level":"critical"}}' }),
  'beyond-ascii': event(2),
  'raw-control-characters': event(3, { line: '{"a":\t"DEL \x7f end"}\r\n' }),
  status: event(4, { kind: 'status', query: '', line: '{"severity":"1","message":"slow"}' }),
  'hostile-names': event(5, { id: 'a"b]c\\d\n\u2028\ud800', query: `"]${'q'.repeat(300)}`, line: '{}' }),
  'impossible-time': event(6, { unixTime: Number.MAX_SAFE_INTEGER, line: 'no json' }),
}

describe('a syslog message', () => {
  it('is what it was, for ordinary and hostile events', async () => {
    const messages = Object.entries(cases).map(([name, one]) => [name, syslogMessage(one, header).toString()])
    await expectGolden('sinks/syslog', Object.fromEntries(messages))
  })

  it('has a byte order mark when, and only when, the line goes beyond ASCII', () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf])
    expect(syslogMessage(cases.ascii, header).includes(mark)).toBe(false)
    expect(syslogMessage(cases['beyond-ascii'], header).includes(mark)).toBe(true)
    expect(syslogMessage(cases['beyond-ascii'], { ...header, hasMark: false }).includes(mark)).toBe(false)
  })

  it('escapes control characters without changing what the JSON means', () => {
    const message = syslogMessage(cases['raw-control-characters'], header).toString()
    expect(JSON.parse(message.slice(message.indexOf('] ') + 2))).toEqual({ a: 'DEL \x7f end' })
  })

  it('never holds a control character, and never more than the header may have beside the line', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 })
    fc.assert(
      fc.property(text, text, text, text, (id, query, line, host) => {
        const message = syslogMessage(event(1, { id, query, line }), { ...header, host })
        expect(message.toString()).not.toMatch(/[\0-\x1f\x7f]/)
        expect(message.length).toBeLessThanOrEqual(maxHeaderBytes + Buffer.byteLength(line.replace(/\x7f/g, '......')))
        expect(message.toString().split(' ').length).toBeGreaterThan(7)
      }),
    )
  })

  it.each([
    ['the level of a finding', { line: '{"action":"added","columns":{"level":"high"}}' }, 3],
    ['informational when it disappeared', { line: '{"action":"removed","columns":{"level":"critical"}}' }, 6],
    ['the worst row of a snapshot', { line: '{"snapshot":[{"level":"low"},{"level":"critical"},null]}' }, 2],
    ['a notice without a level', { line: '{"columns":{"level":"constructor"}}' }, 5],
    ["osquery's own of a status line", { kind: 'status' as const, line: '{"severity":"2"}' }, 3],
    ['a notice when the line is no JSON', { line: '[' }, 5],
  ])('has the severity of %s', (_, given, severity) => {
    expect(severityOf(event(1, given))).toBe(severity)
  })

  it('is counted in octets, not in characters', () => {
    expect(octetCounted(Buffer.from('ü')).toString()).toBe('2 ü')
  })
})
