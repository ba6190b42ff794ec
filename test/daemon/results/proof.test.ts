/** Proofs go into every kind of line and come out again without a byte changed, whatever the names, values and hosts are. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Proof, stampProof, unstampProof } from '../../../daemon/results/proof.ts'
import { ResultLines } from '../../../daemon/results/result-lines.ts'

const proofOf = (line: string): Proof => ({ id: 'a1b2-7', sequence: 7, checksum: crc32(line) })
const goldenLines = ['osqueryd-5.23.recorded.jsonl', 'rapidjson-lines.jsonl'].flatMap((name) =>
  readFileSync(join(import.meta.dirname, '../../golden/results', name), 'utf8')
    .trimEnd()
    .split('\n'),
)
const stamped = '"threecx_event_id":"a1b2-7","threecx_sequence":"7","threecx_checksum":"0000000a"'

/** Texts that look like the places where a proof goes. */
const hostile = fc.oneof(
  fc.constantFrom(
    'decorations',
    'columns',
    'threecx_event_id',
    '","columns":{',
    '"decorations":{',
    `"decorations":{${stamped}},`,
    '\\',
    '\\"',
    '}',
    '{',
    '😀',
    '',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const decorations = fc.option(fc.dictionary(hostile, hostile, { maxKeys: 4 }), { nil: undefined })

describe('a proof', () => {
  it.each(goldenLines)('goes into a line of osquery and comes out again: %s', (line) => {
    for (const topLevel of [false, true]) {
      const proven = stampProof(line, proofOf(line), topLevel)
      expect(JSON.parse(proven)).toBeTypeOf('object')
      expect(unstampProof(proven)).toEqual({ line, proof: proofOf(line), isWhole: true })
    }
  })

  it('stands where osquery has decorations', () => {
    const proof = { id: 'a1b2-7', sequence: 7, checksum: 10 }
    expect(stampProof('{"name":"q","numerics":false,"columns":{"a":"1"},"action":"added"}', proof, false)).toBe(
      `{"name":"q","numerics":false,"decorations":{${stamped}},"columns":{"a":"1"},"action":"added"}`,
    )
    expect(stampProof('{"name":"q","numerics":false,"columns":{"a":"1"},"action":"added"}', proof, true)).toBe(
      `{"name":"q","numerics":false,${stamped},"columns":{"a":"1"},"action":"added"}`,
    )
    expect(stampProof('{"name":"q","decorations":{"z":"1"},"columns":{}}', proof, false)).toBe(
      `{"name":"q","decorations":{${stamped},"z":"1"},"columns":{}}`,
    )
    expect(stampProof('{"snapshot":[{"a":"1"}],"action":"snapshot","numerics":false}', proof, false)).toBe(
      `{"snapshot":[{"a":"1"}],"action":"snapshot","numerics":false,"decorations":{${stamped}}}`,
    )
  })

  it('is exact for hostile names, hosts, decorations and rows, in every form of line', () => {
    const forms = fc.record({
      changes: fc.constantFrom('event' as const, 'batch' as const),
      snapshots: fc.constantFrom('whole' as const, 'event' as const),
      numerics: fc.boolean(),
      decorationsTopLevel: fc.boolean(),
    })
    fc.assert(
      fc.property(
        forms,
        hostile,
        hostile,
        decorations,
        fc.dictionary(hostile, hostile),
        (form, name, host, dec, row) => {
          const lines = new ResultLines(form)
          const context = { host, unixTime: 5, ...(dec && { decorations: dec }) }
          const columns = Object.keys(row).map((one) => ({ name: one, type: 'BIGINT' }))
          const change = { columns, epoch: 0, counter: 0, removed: [row], added: [row] }
          const events = [
            ...lines.changes({ name, removed: true }, change, context),
            ...lines.snapshot({ name }, { columns, rows: [row] }, { epoch: 0 }, context),
            lines.status({ severity: 1, filename: name, line: 1, message: host, version: '1' }, context),
          ]
          for (const { line } of events) {
            const proven = stampProof(line, proofOf(line), form.decorationsTopLevel)
            expect(() => JSON.parse(proven)).not.toThrow()
            expect(unstampProof(proven)).toEqual({ line, proof: proofOf(line), isWhole: true })
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is exact for any JSON object at all', () => {
    fc.assert(
      fc.property(
        fc.dictionary(hostile, fc.jsonValue()),
        fc.boolean(),
        fc.constantFrom(undefined, 1),
        (object, top, indent) => {
          const line = JSON.stringify(object, null, indent)
          const proven = stampProof(line, proofOf(line), top)
          expect(unstampProof(proven)).toEqual({ line, proof: proofOf(line), isWhole: true })
        },
      ),
      { numRuns: 500 },
    )
  })

  it('of a relay goes around that of the sender', () => {
    for (const topLevel of [false, true]) {
      for (const line of goldenLines) {
        const once = stampProof(line, proofOf(line), topLevel)
        const twice = stampProof(once, { ...proofOf(once), id: 'relay-9', sequence: 9 }, topLevel)
        expect(unstampProof(twice)).toMatchObject({ line: once, isWhole: true, proof: { id: 'relay-9' } })
      }
    }
  })

  it('shows that a line was changed', () => {
    const line = goldenLines[0] ?? ''
    const proven = stampProof(line, proofOf(line), false).replace('"name":"', '"name":"x')
    expect(unstampProof(proven)).toMatchObject({ isWhole: false, proof: { sequence: 7 } })
  })

  it('is not found where there is none, or none that is right', () => {
    const odd = [
      '',
      'text',
      '{',
      '{}',
      '[]',
      '{"a":"threecx_event_id"}',
      '{"decorations":{"threecx_event_id":"a-1"}}',
      '{"decorations":{"threecx_event_id":"a-0","threecx_sequence":"0","threecx_checksum":"00000000"}}',
      '{"decorations":{"threecx_event_id":"a-9","threecx_sequence":"9999999999999999","threecx_checksum":"00000000"}}',
      '{"decorations":{"threecx_event_id":"\\q","threecx_sequence":"1","threecx_checksum":"00000000"}}',
      `{"columns":{"decorations":{${stamped}}}}`,
      `{"name":"\\"${stamped.replaceAll('"', '\\"')}"}`,
    ]
    for (const line of odd) expect(unstampProof(line), line).toBeUndefined()
  })

  it('does not go into what is no object, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 30 }), fc.stringMatching(/^[{}[\]",:\\ decorations0]{0,30}$/)),
        (text) => {
          const proven = stampProof(text, proofOf(text), false)
          if (proven !== text) expect(unstampProof(proven)?.line).toBe(text)
          unstampProof(text)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('takes time in proportion to a line that is all quotes, brackets or backslashes', () => {
    for (const unit of ['{"a":', '["', '\\', '"\\', '[']) {
      const text = `{"a":"b","c":${unit.repeat(400_000)}`
      expect(stampProof(text, proofOf(''), false)).toBe(text)
    }
    const backslashes = `{"a":"${'\\\\'.repeat(500_000)}","columns":{}}`
    expect(unstampProof(stampProof(backslashes, proofOf(backslashes), false))?.isWhole).toBe(true)
  })
})
