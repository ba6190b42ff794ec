import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundedFile } from '../../../extension/decoders/bounded-file.ts'
import { alignUp, Bytes, hexText } from '../../../extension/decoders/bytes.ts'
import { memoryFile } from '../../support/memory-file.ts'

test('reads numbers in both byte orders', () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  expect(new Bytes(data).u16(0)).toBe(0x0201)
  expect(new Bytes(data, false).u32(1)).toBe(0x02030405)
  expect(new Bytes(data.subarray(4)).u32(0)).toBe(0x08070605)
  expect(new Bytes(data, false).big(0, 3)).toBe(0x010203)
})

test('answers undefined for a 64-bit number that no file offset can be', () => {
  const top = new Uint8Array(8).fill(0xff)
  expect(new Bytes(top).u64(0)).toBeUndefined()
  expect(new Bytes(top).big(0, 8)).toBeUndefined()
})

test('no offset and no length, however absurd, throws or leaves the bytes', () => {
  const absurd = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-1, 2 ** 32, 2 ** 53, Number.NaN, Infinity))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), absurd, absurd, (data, at, length) => {
      const bytes = new Bytes(data)
      const read = [
        bytes.u8(at),
        bytes.u16(at),
        bytes.u32(at),
        bytes.u64(at),
        bytes.big(at, length),
        bytes.slice(at, length),
      ]
      const isInside = Number.isInteger(at) && at >= 0 && at <= data.length
      if (!isInside) expect(read.every((one) => one === undefined)).toBe(true)
      expect(bytes.slice(at, length)?.length ?? length).toBe(length)
      expect((bytes.text(at, 8) ?? '').length).toBeLessThanOrEqual(8)
    }),
  )
})

test('a text ends at its NUL, at its width, or at the end', () => {
  const bytes = new Bytes(Uint8Array.of(0x61, 0x62, 0, 0x63, 0x64))
  expect([bytes.text(0, 16), bytes.text(0, 1), bytes.text(3, 16), bytes.text(5, 4), bytes.text(6, 4)]).toEqual([
    'ab',
    'a',
    'cd',
    '',
    undefined,
  ])
})

test('aligns beyond 32 bits', () => {
  expect([alignUp(0, 4), alignUp(5, 4), alignUp(2 ** 33 + 1, 8)]).toEqual([0, 8, 2 ** 33 + 8])
  expect(hexText(Uint8Array.of(0, 15, 255))).toBe('000fff')
})

test('a bounded file refuses what is outside it and what exceeds its budget', async () => {
  const file = boundedFile(memoryFile(new Uint8Array(100)), { maxBytes: 60, maxReads: 3 })
  expect(await file.read(90, 20)).toBeUndefined()
  expect(await file.read(-1, 2)).toBeUndefined()
  expect((await file.read(0, 50))?.length).toBe(50)
  expect(await file.read(0, 11)).toBeUndefined()
  expect((await file.read(99, 1))?.length).toBe(1)
  expect((await file.read(100, 0))?.length).toBe(0)
  expect((await file.read(0, 1))?.length).toBe(1)
  expect(await file.read(0, 1), 'the third read was the last').toBeUndefined()
})

test('a file that became shorter reads as damage', async () => {
  const file = boundedFile(memoryFile(new Uint8Array(10), 100))
  expect(await file.read(5, 10)).toBeUndefined()
})
