/**
 * The configuration of POOLRAT (SIMPLESEA), which was on the build server for macOS: text under the byte 0x5E.
 *
 * Its inner layout is not published, so what is asked is whether it reads as a configuration: text, padded with zeros or
 * not, with an address in it. That alone is not enough, because 0x5E turns most printable characters into printable
 * ones: a file that reads as plain text is refused unless only its decoded form has an address.
 * Facts: 3CX and Mandiant, 2023-04-11
 */
import { createHash } from 'node:crypto'
import type { Examination } from '../domain/examination.ts'
import type { BoundedFile } from './bounded-file.ts'
import { defineDecoder } from './decoder.ts'
import { type Refusal, refuse } from './refusal.ts'
import { keyText, urlsIn } from './xor-payload.ts'

const key = 0x5e
const maxSize = 64 << 10
/** Share of text and zeros that a configuration has at least; random bytes have four in ten. */
const minReadable = 0.85
/** Encoded zeros in a row that nothing but padding has. */
const padding = /\0{8}/
const maxShown = 1024
/** The published sample of the related family has room for a handful of addresses. */
const maxAddresses = 32

export const poolratConfig = defineDecoder({
  name: 'poolrat_config',
  description: 'Configuration of POOLRAT in an apdl.cf.',
  files: [{ pattern: '**/apdl.cf', maxSize: 65_536 }],
  wants: ({ filename, size }) => filename.toLowerCase() === 'apdl.cf' && size <= maxSize,
  decode,
})

async function decode(file: BoundedFile): Promise<Examination | Refusal> {
  const stored = await file.read(0, file.size)
  if (!stored) return refuse('apdl.cf became shorter while it was read')
  const decoded = stored.map((byte) => byte ^ key)
  const share = readable(decoded)
  if (share < minReadable) {
    return refuse(
      `apdl.cf of ${stored.length} bytes: ${percent(share)} reads as text under 0x5e; expected at least 85%`,
    )
  }
  const text = Buffer.from(decoded).toString('latin1')
  const addresses = addressesIn(text)
  const isPadded = padding.test(text) && /[A-Za-z0-9]{4}/.test(text)
  const plain = Buffer.from(stored).toString('latin1')
  if (addresses.length === 0 && (!isPadded || addressesIn(plain).length > 0)) {
    return refuse(`apdl.cf of ${stored.length} bytes names no address under 0x5e`)
  }
  const { length } = stored
  const hosts = addresses.filter((one) => !one.includes('://'))
  const fields = {
    key: keyText(key),
    text: words(text).slice(0, maxShown),
    ...(hosts.length > 0 && { hosts: hosts.join(',') }),
  }
  const payload = {
    kind: 'poolrat_config',
    offset: 0,
    length,
    sha256: createHash('sha256').update(decoded).digest('hex'),
    urls: urlsIn(addresses.filter((one) => one.includes('://'))),
    fields,
    parts: [],
  } as const
  const trait = {
    name: 'poolrat_config',
    offset: 0,
    length,
    fields: { key: keyText(key), readable: percent(share) },
  } as const
  return { traits: [trait], payloads: [payload], refusals: [] }
}

/** Share of printable ASCII, line ends, tabs and zeros. */
function readable(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0
  const count = bytes.reduce((sum, byte) => sum + (isReadable(byte) ? 1 : 0), 0)
  return count / bytes.length
}

function isReadable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0 || byte === 9 || byte === 10 || byte === 13
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`
}

const addressForms = [
  /https?:\/\/[\x21-\x7e]{4,512}(?![\x21-\x7e])/gi,
  /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/g,
  /(?<![\w.-])(?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|info|biz|io|cn|kr|jp|ru)(?![\w.-])/gi,
]

/** URLs, addresses and host names, each once. */
function addressesIn(text: string): readonly string[] {
  const found = addressForms.flatMap((form) => Array.from(text.matchAll(form), ([one]) => one))
  return [...new Set(found)].slice(0, maxAddresses)
}

/** The readable runs, with one space for what lies between them. */
function words(text: string): string {
  return text.replace(/[^\x20-\x7e\n]+/g, ' ').trim()
}
