import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exportHash, readBootstrap } from '../../../extension/decoders/carrier-bootstrap.ts'
import { decodeCarrier, decodeWithKeys, findMarker } from '../../../extension/decoders/carrier-payload.ts'
import { keyCandidates } from '../../../extension/decoders/key-candidates.ts'
import { combined, rc4Keystream } from '../../../extension/decoders/rc4.ts'
import { isRefusal } from '../../../extension/decoders/refusal.ts'
import { join, le, patched, zeros } from '../../support/byte-writer.ts'
import {
  blobLayout,
  type CarrierShape,
  carrierBlob,
  carrierPayload,
  marker,
  rc4,
  rc4Key,
  smallLayout,
} from '../../support/carrier-payload.ts'
import { expectGolden } from '../../support/golden.ts'
import { digest } from '../../support/image/indicator-file.ts'
import { noise } from '../../support/noise.ts'

const small: CarrierShape = { layout: smallLayout, userData: 'https://example.invalid/x', seed: 'small' }
const smallPayload = carrierPayload(small)
const otherKey = 'another key!'
const text = (repeated: string) => join(repeated.repeat(400))

/** A small payload whose plaintext was changed before it was encrypted. */
function changed(at: number, bytes: Uint8Array): Uint8Array {
  return join(marker, rc4(join(rc4Key), patched(carrierBlob(small), at, bytes)))
}

const cases: Readonly<Record<string, Uint8Array>> = {
  published: carrierPayload(),
  recompiled: smallPayload,
  'behind-alignment': join(zeros(3), smallPayload, zeros(5)),
  'later-bootstrap': carrierPayload({ ...small, isLaterBootstrap: true }),
  'other-export': carrierPayload({ ...small, asksFor: 'Start', exports: ['Init', 'Start'] }),
  'export-not-in-library': carrierPayload({ ...small, exports: [] }),
  'export-unknown': carrierPayload({ ...small, asksFor: 'Elsewhere' }),
  'user-data-is-binary': carrierPayload({ ...small, userData: noise('user data', 32) }),
  'other-marker': carrierPayload({ ...small, marker: join('NOTTHE81') }),
  'no-marker': carrierPayload({ ...small, marker: zeros(0) }),
  'marker-once': carrierPayload({ ...small, marker: marker.subarray(4) }),
  'false-marker-first': join(marker, noise('false', 500), smallPayload),
  'unmarked-payload-before-marked': join(carrierPayload({ ...small, marker: zeros(8), seed: 'first' }), smallPayload),
  'other-key': carrierPayload({ ...small, key: otherKey }),
  'marker-before-noise': join(marker, noise('nothing', 4096)),
  'marker-before-text': join(marker, text('{"brand":"x"}')),
  'marker-at-the-end': join(noise('end', 100), marker),
  'library-beyond-end': changed(12, le(0x7fffffff, 4)),
  'library-at-0xffffffff': changed(12, le(0xffffffff, 4)),
  'user-data-beyond-end': changed(24, le(smallLayout.length, 4)),
  'user-data-length-0xffffffff': changed(30, le(0xffffffff, 4)),
  'library-without-mz': changed(smallLayout.libraryAt, zeros(2)),
  'library-header-beyond-end': changed(smallLayout.libraryAt + 0x3c, le(0xffffffff, 4)),
  'library-damaged': changed(smallLayout.libraryAt + 0x80 + 6, le(0xffff, 2)),
  'bootstrap-of-other-registers': changed(9, join(Uint8Array.of(0x48, 0x81, 0xc2))),
  'in-plain-sight': join(marker, carrierBlob(small)),
  'a-mach-o-of-32-bits': join(Uint8Array.of(0xfe, 0xed, 0xfa, 0xce), le(18, 4), noise('mach-o', 2000)),
  empty: zeros(0),
}

describe('payloads of the carrier decode as their golden files say', () => {
  for (const [name, bytes] of Object.entries(cases)) {
    test(name, async () => {
      await expectGolden(`decoders/carrier-payload/${name}`, await decodeCarrier(bytes))
    })
  }
})

test('digests are those of the whole blob and of its parts, as they were before encryption', async () => {
  const found = await decodeCarrier(carrierPayload())
  if (!found || isRefusal(found)) throw new Error('the published payload was not decoded')
  const blob = carrierBlob()
  expect(found.sha256).toBe(digest('sha256', blob))
  for (const { offset, length, sha256 } of found.parts) {
    expect(sha256).toBe(digest('sha256', blob.subarray(offset, offset + length)))
  }
  const at = Object.fromEntries(found.parts.map((part) => [part.name, [part.offset, part.length]]))
  expect(at).toEqual({
    bootstrap: [0, 64],
    loader: [64, blobLayout.libraryAt - 64],
    library: [0x65d, 0x43400],
    user_data: [0x43a5d, 0xaa],
  })
})

test('the published hash is that of the published export', () => {
  expect(exportHash('DllGetClassObject')).toBe(0xf558f4da)
})

test('both makers of keystreams agree, and with the vectors everyone quotes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 256 }), fc.uint8Array({ maxLength: 600 }), (key, data) => {
      expect(combined(data, rc4Keystream(key, data.length))).toEqual(rc4(key, data))
    }),
    { numRuns: 200 },
  )
  const cipher = combined(join('Plaintext'), rc4Keystream(join('Key'), 9))
  expect(Buffer.from(cipher).toString('hex')).toBe('bbf316e8d940af0ad3')
})

describe('other keys', () => {
  const unopened = carrierPayload({ ...small, key: otherKey })

  test('open what the key of the campaign does not, behind the marker and without it', async () => {
    const keys = [join('wrong'), zeros(0), join(otherKey)]
    expect(await decodeCarrier(unopened)).toBeUndefined()
    await expectGolden('decoders/carrier-payload/other-key-given', await decodeWithKeys(unopened, keys))
    const unmarked = carrierPayload({ ...small, key: otherKey, marker: join('NOTTHE81') })
    expect(await decodeWithKeys(unmarked, keys)).toMatchObject({ isMarked: false, fields: { key: otherKey } })
    expect(await decodeWithKeys(unopened, [join('wrong')])).toBeUndefined()
    expect(await decodeWithKeys(noise('no payload', 5000), keys)).toBeUndefined()
  })

  test('are shown as hex when they are no text', async () => {
    const key = Uint8Array.of(1, 2, 3, 0, 255)
    const found = await decodeWithKeys(carrierPayload({ ...small, key }), [key])
    expect(found?.fields).toMatchObject({ key: '0x01020300ff' })
  })

  test('are found among the strings of a library', async () => {
    const library = join(noise('code', 3000), '\0d3dcompiler_47.dll\0', otherKey, '\0abc\0', 'long'.repeat(30), '\0')
    const candidates = keyCandidates(library).map((key) => Buffer.from(key).toString())
    expect(candidates).toContain(otherKey)
    expect(candidates).toContain('d3dcompiler_47.dll')
    expect(candidates).not.toContain('abc')
    expect(candidates.some((one) => one.length > 64)).toBe(false)
    expect(await decodeWithKeys(unopened, keyCandidates(library))).toMatchObject({ fields: { key: otherKey } })
  })

  test('are as many as a hostile library has, and no more are tried than the bounds allow', async () => {
    const strings = Array.from({ length: 70_000 }, (_, i) => `key-${i}`).join('\0')
    const candidates = keyCandidates(join(strings))
    expect(candidates.length).toBe(65_536)
    expect(await decodeWithKeys(join(marker, noise('big', 1 << 20)), candidates.slice(0, 2000))).toBeUndefined()
  })
})

describe('a payload cut short', () => {
  test('is refused or not seen at every length that lacks a byte of it', async () => {
    const end = marker.length + smallLayout.userDataAt + smallLayout.userDataLength
    for (let length = 0; length < end; length++) {
      const found = await decodeCarrier(smallPayload.subarray(0, length))
      expect(found === undefined || isRefusal(found), `at ${length} bytes`).toBe(true)
      // The numbers of the bootstrap are the least that makes a refusal.
      if (length >= 128) expect(found && isRefusal(found), `at ${length} bytes`).toBe(true)
    }
    expect(await decodeCarrier(smallPayload.subarray(0, end))).toMatchObject({ at: marker.length, isMarked: true })
  })
})

test('changed bytes never make a payload of what is not whole, and never an exception', async () => {
  const edits = fc.array(fc.tuple(fc.nat(smallPayload.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 })), {
    minLength: 1,
    maxLength: 8,
  })
  await fc.assert(
    fc.asyncProperty(edits, async (changes) => {
      const bytes = changes.reduce((data, [at, with_]) => patched(data, at, with_), smallPayload)
      const found = await decodeCarrier(bytes)
      if (!found || isRefusal(found)) return
      const blob = rc4(join(rc4Key), bytes.subarray(found.at))
      expect(found.sha256).toBe(digest('sha256', blob))
      const library = found.parts.find((part) => part.name === 'library')
      expect(Buffer.from(blob).toString('latin1', library?.offset, (library?.offset ?? 0) + 2)).toBe('MZ')
    }),
    { numRuns: 600 },
  )
})

test('no random bytes are a payload, with or without a marker before them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 4000 }), async (isMarked, data) => {
      const surplus = isMarked ? join(marker, data) : data
      expect(await decodeCarrier(surplus)).toBeUndefined()
      expect(findMarker(surplus)).toBe(isMarked ? 0 : undefined)
    }),
    { numRuns: 500 },
  )
})

test('any bytes behind the start of a bootstrap are read without an exception', () => {
  const start = carrierBlob(small).subarray(0, 9)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
      const read = readBootstrap(join(start, rest))
      if (read) expect(Math.min(read.libraryAt, read.userDataAt)).toBeGreaterThan(5)
    }),
    { numRuns: 2000 },
  )
})

describe('false beginnings', () => {
  const head = carrierBlob(small).subarray(0, 64)

  test('are counted: whoever writes hundreds of thousands is refused', async () => {
    const start = rc4(join(rc4Key), head).subarray(0, 6)
    const many = join(...Array.from({ length: 70_000 }, () => start))
    const found = await decodeCarrier(many)
    expect(found && isRefusal(found) && found.problem).toContain('65536 beginnings under one key')
  })

  test('before a whole payload hide nothing', async () => {
    const start = rc4(join(rc4Key), head)
    const decoys = Array.from({ length: 3000 }, () => join(marker, start))
    expect(await decodeCarrier(join(...decoys, smallPayload))).toMatchObject({ at: 3000 * 72 + 8, isMarked: true })
  })
})
