/** What a receiver has, read back: gaps, repeats, changes, and the wrappings that receivers put around lines. */
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stampProof } from '../../../daemon/results/proof.ts'
import { eventsIn } from '../../../daemon/results/received-line.ts'
import { ResultLines } from '../../../daemon/results/result-lines.ts'
import { SequenceSet } from '../../../daemon/results/sequence-set.ts'
import { DeliveryCheck, type DeliveryOptions } from '../../../daemon/results/verify.ts'

const lines = new ResultLines({ changes: 'event', snapshots: 'whole', numerics: true, decorationsTopLevel: false })
const columns = [
  { name: 'path', type: 'TEXT' },
  { name: 'size', type: 'BIGINT' },
]

/** A delivered line. */
function delivered(sequence: number, stream = 'a1', path = `C:\\Users\\x "${sequence}"\x1f/ä`): string {
  const context = { host: 'h', unixTime: 1_700_000_000 + sequence, decorations: { zone: 'é' } }
  const result = { columns, rows: [{ path, size: '123' }] }
  const [event] = lines.snapshot({ name: 'pack_q' }, result, { epoch: 0 }, context)
  const line = event?.line ?? ''
  return stampProof(line, { id: `${stream}-${sequence}`, sequence, checksum: crc32(line) }, false)
}

function check(received: readonly string[], options: DeliveryOptions = {}) {
  const reader = new DeliveryCheck(options)
  for (const line of received) reader.line(line)
  return reader.report()
}

describe('a received log', () => {
  it('that is whole has no gaps, whatever its order', () => {
    const report = check([3, 1, 2, 5, 4].map((one) => delivered(one)))
    expect(report).toEqual({
      lines: 5,
      unproven: 0,
      tooLong: 0,
      leftOut: 0,
      streams: [
        {
          stream: 'a1',
          first: 1,
          last: 5,
          received: 5,
          gaps: [],
          gapCount: 0,
          missing: 0,
          repeats: 0,
          mismatches: 0,
          unchecked: 0,
          late: 0,
        },
      ],
    })
  })

  it('names what is missing, what came twice and what was changed, stream by stream', () => {
    const changed = delivered(9).replace('pack_q', 'pack_r')
    const report = check([
      ...[4, 5, 8, 8, 8].map((one) => delivered(one)),
      changed,
      delivered(1, 'other-host'),
      '{"name":"no proof"}',
      'no JSON',
      '',
    ])
    expect(report).toMatchObject({ lines: 9, unproven: 2 })
    expect(report.streams).toMatchObject([
      {
        stream: 'a1',
        first: 4,
        last: 9,
        received: 4,
        gaps: [[6, 7]],
        gapCount: 1,
        missing: 2,
        repeats: 2,
        mismatches: 1,
      },
      { stream: 'other-host', received: 1, gaps: [], repeats: 0 },
    ])
  })

  it('misses what is before its first event only when told where to begin', () => {
    const log = [delivered(4), delivered(6)]
    expect(check(log).streams[0]?.gaps).toEqual([[5, 5]])
    expect(check(log, { from: 1 }).streams[0]).toMatchObject({
      gaps: [
        [1, 3],
        [5, 5],
      ],
      missing: 4,
    })
  })

  it('is read in pieces of any size, with the last line unended', async () => {
    const text = [1, 2, 3, 5].map((one) => delivered(one)).join('\r\n')
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), async (size) => {
        const bytes = Buffer.from(text)
        const shared = new Uint8Array(size)
        function* pieces() {
          for (let at = 0; at < bytes.length; at += size) {
            const piece = bytes.subarray(at, at + size)
            shared.set(piece)
            yield shared.subarray(0, piece.length) // the same memory again and again
          }
        }
        const reader = new DeliveryCheck()
        await reader.read(pieces())
        expect(reader.report()).toMatchObject({ lines: 4, streams: [{ received: 4, mismatches: 0, gaps: [[4, 4]] }] })
      }),
      { numRuns: 60 },
    )
  })

  it('loses no other line to one that is too long', async () => {
    const reader = new DeliveryCheck({ maxLineBytes: 2000 })
    await reader.read([Buffer.from(`${delivered(1)}\n`), Buffer.alloc(5000, 'x'), Buffer.from(`\n${delivered(2)}\n`)])
    expect(reader.report()).toMatchObject({ lines: 3, tooLong: 1, streams: [{ received: 2, gaps: [] }] })
  })

  it('with invalid UTF-8 in a line shows that line as changed', async () => {
    const reader = new DeliveryCheck()
    const bytes = Buffer.from(delivered(1))
    bytes[bytes.indexOf('pack_q')] = 0xff
    await reader.read([bytes])
    expect(reader.report().streams).toMatchObject([{ received: 1, mismatches: 1 }])
  })

  it('of more streams than fit counts what it leaves out', () => {
    const report = check(
      [1, 2, 3].map((one) => delivered(one, `s${one}`)),
      { maxStreams: 2 },
    )
    expect(report).toMatchObject({ leftOut: 1, streams: [{ stream: 's1' }, { stream: 's2' }] })
  })
})

describe('what receivers make of a line', () => {
  const line = delivered(7)
  const { decorations, ...others } = JSON.parse(line)
  const anew = JSON.stringify(JSON.parse(line))
  const sorted = (object: object) =>
    Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)))

  it.each([
    ['plain', line],
    ['syslog of RFC 5424', `<134>1 2026-08-06T10:00:00Z host threecx 12 result [meta x="{1}"] ${line}`],
    ['syslog of RFC 3164 with braces before', `<14>Aug  6 10:00:00 host {tag}: ${line} `],
    ['logcli', `2026-08-06T10:00:00Z {job="osquery", host="h"} ${line}`],
    ['Splunk HEC', `{"time":1,"host":"h","event":${line},"fields":{"a":"b"}}`],
    ['Splunk export', JSON.stringify({ preview: false, result: { _raw: line, _time: 'x' } })],
    ['Loki export', JSON.stringify({ labels: { a: 'b' }, line, timestamp: '1' })],
    ['Loki push', JSON.stringify({ streams: [{ stream: {}, values: [['1', line]] }] })],
    ['Elastic with the line in event.original', JSON.stringify({ _source: { event: { original: line } } })],
    ['JSON in JSON in JSON', JSON.stringify({ message: JSON.stringify({ log: JSON.stringify({ line }) }) })],
    ['an object written anew', JSON.stringify({ _source: { osquery: JSON.parse(line) } })],
    ['other escapes', anew.replaceAll('/', '\\/').replaceAll('ä', '\\u00e4')],
    ['spaces', JSON.stringify(JSON.parse(line), null, 1).replaceAll('\n', ' ')],
  ])('leaves it whole: %s', (_, received) => {
    expect(eventsIn(received)).toEqual([
      { proof: { id: 'a1-7', sequence: 7, checksum: expect.any(Number) }, condition: 'whole' },
    ])
  })

  it.each([
    ['members in another order', JSON.stringify(sorted({ ...others, decorations: sorted(decorations) }))],
    [
      'flattened fields',
      JSON.stringify({
        'osquery.decorations.threecx_event_id': 'a1-7',
        'osquery.decorations.threecx_sequence': '7',
        'osquery.decorations.threecx_checksum': '0000000a',
      }),
    ],
    [
      'lists around values',
      JSON.stringify({ fields: { threecx_event_id: ['a1-7'], threecx_sequence: [7], threecx_checksum: ['0000000a'] } }),
    ],
  ])('takes it apart, so that nobody can say: %s', (_, received) => {
    expect(eventsIn(received)).toMatchObject([{ proof: { id: 'a1-7', sequence: 7 }, condition: 'unchecked' }])
  })

  it.each([
    ['a value changed', line.replace('123', '124')],
    ['a host added', line.replace('"h"', '"h2"')],
    ['cut behind the proof', `${line}`.slice(0, -3)],
    ['cut inside a string', JSON.stringify({ line }).slice(0, -6)],
    ['changed inside a string', JSON.stringify({ line: line.replace('123', '124') })],
  ])('shows that it is not what was spooled: %s', (_, received) => {
    expect(eventsIn(received)).toMatchObject([{ proof: { id: 'a1-7', sequence: 7 }, condition: 'changed' }])
  })

  it('finds every event of an export that is one line', () => {
    const log = [1, 2, 3].map((one) => delivered(one))
    for (const received of [`[${log.join(',')}]`, JSON.stringify({ hits: log }), log.join(' ')]) {
      expect(eventsIn(received).map((one) => one.proof.sequence)).toEqual([1, 2, 3])
    }
    expect(eventsIn(JSON.stringify(log)).every((one) => one.condition === 'whole')).toBe(true)
  })

  it('takes the outer proof of a line that was relayed', () => {
    const twice = stampProof(line, { id: 'relay-9', sequence: 9, checksum: crc32(line) }, false)
    expect(eventsIn(twice)).toMatchObject([{ proof: { id: 'relay-9' }, condition: 'whole' }])
  })

  it('never throws, and takes no proof that names another sequence than its id', () => {
    const report = check([
      line.replace('"threecx_sequence":"7"', '"threecx_sequence":"8"'),
      line.replace('a1-7', '-7'),
      line.replace('a1-7', 'a\\uD8'),
      '{"threecx_event_id":{"threecx_event_id":[]}}',
      `${'['.repeat(50_000)}"threecx_event_id"`,
      `${'{"a":'.repeat(50_000)}"threecx_event_id"${'}'.repeat(50_000)}`,
    ])
    expect(report).toMatchObject({ lines: 6, unproven: 6, streams: [] })
    fc.assert(
      fc.property(fc.nat(line.length), fc.string({ unit: 'binary', maxLength: 4 }), (at, noise) => {
        eventsIn(line.slice(0, at) + noise + line.slice(at))
        eventsIn(JSON.stringify({ line }).slice(0, at) + noise)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the set of sequences', () => {
  const bounds = { maxIntervals: 1000, maxGaps: 1000 }
  const sequences = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 80 })

  it('equals a set of numbers', () => {
    fc.assert(
      fc.property(sequences, (added) => {
        const set = new SequenceSet(bounds)
        const numbers = new Set<number>()
        for (const one of added) {
          expect(set.add(one)).toBe(numbers.has(one) ? 'repeat' : 'new')
          numbers.add(one)
        }
        const [first, last] = [Math.min(...added), Math.max(...added)]
        expect([set.first, set.last]).toEqual([first, last])
        const missing = Array.from({ length: last - first + 1 }, (_, at) => first + at).filter(
          (one) => !numbers.has(one),
        )
        const { list, count, missing: number } = set.gaps()
        expect(list.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at))).toEqual(
          missing,
        )
        expect([count, number]).toEqual([list.length, missing.length])
      }),
      { numRuns: 300 },
    )
  })

  it('keeps its numbers when there are more gaps than it remembers', () => {
    const set = new SequenceSet({ maxIntervals: 100, maxGaps: 10 })
    for (let sequence = 2; sequence <= 20_000; sequence += 2) set.add(sequence)
    const gaps = set.gaps(1)
    expect(gaps).toMatchObject({ count: 10_000, missing: 10_000 })
    expect(gaps.list).toHaveLength(10)
    expect(gaps.list.slice(0, 2)).toEqual([
      [1, 1],
      [3, 3],
    ])
    expect(set.add(2)).toBe('late')
    expect(set.add(20_001)).toBe('new')
  })
})
