/**
 * Icons with and without the trailer in which the campaign kept its C2 addresses.
 *
 * An icon here is a directory with one PNG; its pixels are noise, but chunks and checksums are those of a real file.
 * The generator is written anew, on 64-bit numbers throughout, so that the decoder is not tested against itself.
 */
import { createCipheriv } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { be, join, le, utf16, zeros } from './byte-writer.ts'
import { noise } from './noise.ts'

/** What is hidden behind an icon. */
export interface TrailerShape {
  /** Plaintext; text becomes UTF-16LE with a final NUL. */
  readonly text: string | Uint8Array
  /** The published icons have 0x29. */
  readonly seed?: number
  /** A key that is not the generator's. */
  readonly key?: Uint8Array
}

/** A PNG of 16 by 16 pixels. */
export function png(pixels: Uint8Array = noise('pixels', 300)): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = join(type, data)
    return join(be(data.length, 4), body, be(crc32(body), 4))
  }
  const header = join(be(16, 4), be(16, 4), Uint8Array.of(8, 6, 0, 0, 0))
  return join(
    Uint8Array.of(0x89),
    'PNG\r\n\x1a\n',
    chunk('IHDR', header),
    chunk('IDAT', pixels),
    chunk('IEND', zeros(0)),
  )
}

/** An icon whose one picture is a PNG, and what follows it. */
export function icon(trailer: Uint8Array | string = zeros(0), picture: Uint8Array = png()): Uint8Array {
  const entry = join(Uint8Array.of(16, 16, 0, 0), le(1, 2), le(32, 2), le(picture.length, 4), le(22, 4))
  return join(le(0, 2), le(1, 2), le(1, 2), entry, picture, trailer)
}

/** `$` and base64 of seed, tag and ciphertext. */
export function trailer({ text, seed = 0x29, key }: TrailerShape): string {
  const stream = generator(seed)
  const derived = Uint8Array.from({ length: 44 }, () => stream() & 0xff)
  const cipher = createCipheriv('aes-256-gcm', key ?? derived.subarray(0, 32), derived.subarray(32))
  const plain = typeof text === 'string' ? utf16(`${text}\0`) : text
  const sealed = join(cipher.update(plain), cipher.final())
  return `$${Buffer.from(join(le(seed, 4), cipher.getAuthTag(), sealed)).toString('base64')}`
}

/** JKISS: a congruential, a shift-register and a multiply-with-carry generator, added up. */
function generator(seed: number): () => number {
  let [x, y, z, c] = [123456789n, 987654321n, 43219876n, BigInt(seed)]
  const low = (value: bigint) => value & 0xffff_ffffn
  return () => {
    x = low(314527869n * x + 1234567n)
    y = low(y ^ (y << 5n))
    y ^= y >> 7n
    y = low(y ^ (y << 22n))
    const t = 4294584393n * z + c
    ;[c, z] = [t >> 32n, low(t)]
    return Number(low(x + y + z))
  }
}
