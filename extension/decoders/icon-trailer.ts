/**
 * Decoder of the encrypted C2 address behind the last picture of an icon: `$`, then base64 up to the end.
 *
 * Decoded are seed, tag and AES-256-GCM ciphertext. Every seed is tried as stored; a tag that verifies proves that the
 * trailer was made by the campaign's generator, wherever it stands, so no picture is asked for then. Without that only
 * the exact shape counts, and no address is believed. Read is the end of the file, never the pictures.
 * Format: Volexity's decrypt_ico (2023); the generator: jkiss.ts.
 */
import { createDecipheriv, createHash } from 'node:crypto'
import type { Examination } from '../domain/examination.ts'
import { foldAscii } from '../domain/glob.ts'
import { canonical } from '../domain/observable.ts'
import type { Fields } from '../domain/trait.ts'
import { Bytes, hexText, utf16Text } from './bytes.ts'
import { defineDecoder } from './decoder.ts'
import { jkissBytes } from './jkiss.ts'

/** The published icons have less than 120 KB; the largest of real programs some 500 KB. */
const maxIcon = 1 << 20
/** An address of 2,000 letters makes a trailer of 5.4 KB; the published ones have some 150 bytes. */
export const maxTrailer = 64 << 10
/** Ends every PNG: an empty IEND chunk with its checksum. */
const pngEnd = 'IEND\xae\x42\x60\x82'
const trailers = /\$((?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)/g
const tagAt = 4
const textAt = 20
/** One letter of UTF-16. */
const minDecoded = textAt + 2
const keyLength = 32
const nonceLength = 12
/** Letters of a decrypted text that are shown; a longer one is no address. */
const maxText = 2048

/** A `$` with base64 behind it. */
interface Trailer {
  /** Of the `$`, in the file. */
  readonly offset: number
  readonly length: number
  readonly decoded: Uint8Array
  /** Right behind a PNG and up to the end of the file. */
  readonly isExact: boolean
}

export const iconTrailer = defineDecoder({
  name: 'icon_trailer',
  description: 'The encrypted C2 address behind the picture of an icon of the campaign.',
  wants: ({ kind, filename, size }) =>
    size <= maxIcon && (kind === 'ico' || kind === 'png' || foldAscii(filename).endsWith('.ico')),
  files: [{ pattern: '**/*.ico', maxSize: maxIcon }],
  decode: async (file, { filename }) => {
    const length = Math.min(file.size, maxTrailer)
    const tail = await file.read(file.size - length, length)
    if (!tail) return undefined
    const found = trailersIn(tail, file.size - length)
    for (const trailer of found.toReversed()) {
      const opened = decrypt(trailer.decoded)
      if (opened) return verified(trailer, opened, filename)
    }
    const exact = found.find((trailer) => trailer.isExact)
    return exact && unverified(exact)
  },
})

function trailersIn(tail: Uint8Array, from: number): Trailer[] {
  const text = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).toString('latin1')
  return Array.from(text.matchAll(trailers), ({ index, 0: { length }, 1: digits = '' }) => ({
    offset: from + index,
    length,
    decoded: Buffer.from(digits, 'base64'),
    isExact: index + length === text.length && text.endsWith(pngEnd, index),
  })).filter(({ decoded }) => decoded.length >= minDecoded && decoded.length % 2 === 0)
}

/** What a verified tag vouches for. */
interface Opened {
  readonly plain: Uint8Array
  readonly fields: Fields
}

function decrypt(decoded: Uint8Array): Opened | undefined {
  const seed = new Bytes(decoded).u32(0) ?? 0
  const secret = jkissBytes(seed, keyLength + nonceLength)
  const [key, nonce] = [secret.subarray(0, keyLength), secret.subarray(keyLength)]
  const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: textAt - tagAt })
  cipher.setAuthTag(decoded.subarray(tagAt, textAt))
  const plain = cipher.update(decoded.subarray(textAt))
  try {
    cipher.final()
  } catch {
    return undefined // the only way the runtime says that the tag is wrong
  }
  return { plain, fields: { seed, key: hexText(key), nonce: hexText(nonce) } }
}

function verified({ offset, length }: Trailer, { plain, fields }: Opened, filename: string): Examination {
  const whole = utf16Text(plain, true).replace(/\0+$/, '')
  const text = whole.slice(0, maxText)
  const url = text === whole && /^http/i.test(text) ? canonical('url', text) : undefined
  const urls = url && 'value' in url ? [url.value] : []
  const shown = { ...fields, text, ...iconNumber(filename), ...(urls.some(isDecoy) && { decoy: true }) }
  return {
    traits: [{ name: 'icon_trailer', offset, length, fields: shown }],
    payloads: [
      {
        kind: 'icon_trailer',
        offset,
        length,
        sha256: createHash('sha256').update(plain).digest('hex'),
        authenticated: true,
        urls,
        fields: shown,
        parts: [],
      },
    ],
    refusals: [],
  }
}

function unverified({ offset, length, decoded }: Trailer): Examination {
  const fields = { seed: new Bytes(decoded).u32(0) ?? 0, ciphertext_bytes: decoded.length - textAt }
  const sha256 = createHash('sha256').update(decoded).digest('hex')
  return {
    traits: [{ name: 'icon_trailer_unverified', offset, length, fields }],
    payloads: [{ kind: 'icon_trailer', offset, length, sha256, authenticated: false, urls: [], fields, parts: [] }],
    refusals: [],
  }
}

/** The campaign's icons are numbered 0 to 15; the number tells which address belongs there. */
function iconNumber(filename: string): Fields {
  const digits = /^icon(\d{1,4})\.ico$/i.exec(filename)?.[1]
  return digits === undefined ? {} : { icon: Number(digits) }
}

/** icon0 names a page of the vendor itself. */
function isDecoy(url: string): boolean {
  return /^https?:\/\/(?:www\.)?3cx\.com(?:[/:?#]|$)/.test(url)
}
