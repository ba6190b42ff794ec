/**
 * Replies read within limits: the same rows as the generated code gives, however they are cut up, and no more memory
 * than the limits allow.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../../../extension/sdk/wire/answer-reader.ts'
import { exceptionMessage, responsePieces } from '../../../../extension/sdk/wire/response.ts'
import { encodeMaps } from '../../../../extension/sdk/wire/rows.ts'

const plenty = { maxRows: 1e6, maxCellBytes: 1e6, maxBytes: 1e9 }
const ok = { code: 0, message: 'OK' }

function reply(rows: readonly Readonly<Record<string, string>>[], status = ok): Buffer {
  return Buffer.concat(responsePieces('query', 0, { status, rows: encodeMaps(rows) }, 0n))
}

function read(bytes: Buffer, limits = plenty, chunk = bytes.length) {
  const reader = new AnswerReader('query', limits)
  for (let at = 0; at < bytes.length && reader.next() === undefined; at += chunk) {
    reader.push(bytes.subarray(at, at + chunk))
  }
  return reader.next()
}

describe('a reply', () => {
  it('gives status and rows, in whatever pieces it comes', () => {
    const rows = fc.array(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })))
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 64 }), (rows, chunk) => {
        const answer = read(reply(rows), plenty, chunk)
        expect(answer?.status).toEqual(ok)
        expect(answer?.rows.map((row) => Object.entries(row))).toEqual(rows.map((row) => Object.entries(row)))
        expect(answer?.cut).toBeUndefined()
      }),
    )
  })

  it('carries the status of a refusal', () => {
    expect(read(reply([], { code: 1, message: 'no such table: t' }))?.status).toEqual({
      code: 1,
      message: 'no such table: t',
    })
  })

  it('ends with the row that is one too many', () => {
    const rows = Array.from({ length: 5 }, (_, n) => ({ n: String(n) }))
    expect(read(reply(rows), { ...plenty, maxRows: 3 }, 1)).toMatchObject({
      rows: [{ n: '0' }, { n: '1' }, { n: '2' }],
      cut: 'rows after the first 3 were left out',
    })
    expect(read(reply(rows), { ...plenty, maxRows: 5 })?.cut).toBeUndefined()
  })

  it('ends with the row that does not fit', () => {
    const rows = [{ a: 'x'.repeat(60) }, { a: 'y'.repeat(60) }, { a: 'z' }]
    expect(read(reply(rows), { ...plenty, maxBytes: 100 })).toMatchObject({
      rows: [rows[0]],
      cut: 'rows after the first 1 were left out: more than 100 bytes',
    })
  })

  it('cuts a long cell between characters and says how long it was', () => {
    const row = { long: `${'ä'.repeat(5)}`, next: 'whole' }
    expect(read(reply([row]), { ...plenty, maxCellBytes: 5 }, 3)).toMatchObject({
      rows: [{ long: 'ää... [cut: 10 bytes]', next: 'whole' }],
      cut: '1 cells were cut to 5 bytes',
    })
  })

  it('keeps little of a cell of 50 MB', () => {
    const reader = new AnswerReader('query', { ...plenty, maxCellBytes: 1000 })
    const whole = reply([{ a: 'x'.repeat(1000) }])
    const at = whole.indexOf('xxxx')
    const head = Buffer.from(whole.subarray(0, at))
    head.writeInt32BE(50_000_000, at - 4)
    reader.push(head)
    const before = process.memoryUsage().arrayBuffers
    const piece = Buffer.alloc(1_000_000, 'x')
    for (let sent = 0; sent < 50; sent++) reader.push(piece)
    reader.push(whole.subarray(at + 1000))
    expect(reader.next()?.rows[0]?.['a']).toBe(`${'x'.repeat(1000)}... [cut: 50000000 bytes]`)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  })

  it('takes a column called __proto__ for a column', () => {
    expect(Object.entries(read(reply([JSON.parse('{"__proto__":"x"}')]))?.rows[0] ?? {})).toEqual([['__proto__', 'x']])
  })
})

describe('what is no reply', () => {
  it('is refused: another method, an exception, nonsense', () => {
    const other = Buffer.concat(responsePieces('call', 0, { status: ok, rows: encodeMaps([]) }, 0n))
    expect(() => read(other)).toThrow('a reply to call #0; expected query #0')
    expect(() => read(exceptionMessage('query', 0, 'Invalid method name', 1))).toThrow('Invalid method name')
    expect(() => read(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow()
  })

  it('never costs more than its bytes, whatever they are', () => {
    const good = reply([{ path: '/a', size: '1' }, { path: '/b' }])
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bad = Buffer.from(good)
        bad[at] = byte
        try {
          read(bad, { maxRows: 10, maxCellBytes: 100, maxBytes: 1000 })
        } catch (error) {
          expect(error).toMatchObject({ name: 'WireError' })
        }
      }),
    )
  })
})
