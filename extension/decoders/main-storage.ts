/**
 * `.main_storage` of the macOS loader: who the victim is, and when the loader runs next.
 *
 * 56 bytes under a one-byte key, 0x7A as published: 36 characters of a UUID, twelve zeros, the next run in unix seconds
 * as eight bytes, least significant first. The zeros show the key, so another one is no obstacle.
 * Facts: NCSC "Smooth Operator" (2023-06-29), https://objective-see.org/blog/blog_0x73.html
 */
import { createHash } from 'node:crypto'
import type { Examination } from '../domain/examination.ts'
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import { defineDecoder } from './decoder.ts'
import { type Refusal, refuse } from './refusal.ts'
import { keyText } from './xor-payload.ts'

const length = 56
/** A file of this name that is larger belongs to something else. */
const maxSize = 4096
const idLength = 36
const zerosLength = 12
/** 9999-12-31: later times have no usual text. */
const maxTime = 253_402_300_799

export const mainStorage = defineDecoder({
  name: 'main_storage',
  description: 'Victim id and next run in a .main_storage of the macOS loader.',
  files: [{ pattern: '**/.main_storage', maxSize: 4096 }],
  wants: ({ filename, size }) => filename.toLowerCase() === '.main_storage' && size <= maxSize,
  decode,
})

async function decode(file: BoundedFile): Promise<Examination | Refusal> {
  if (file.size !== length) return refuse(`.main_storage of ${file.size} bytes; expected ${length}`)
  const stored = await file.read(0, length)
  if (!stored) return refuse('.main_storage became shorter while it was read')
  const key = stored[idLength] ?? 0
  const decoded = stored.map((byte) => byte ^ key)
  if (decoded.subarray(idLength, idLength + zerosLength).some((byte) => byte !== 0)) {
    return refuse('.main_storage holds no 12 equal bytes after the first 36; expected zeros under a one-byte key')
  }
  const bytes = new Bytes(decoded)
  const victim = bytes.text(0, idLength) ?? ''
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(victim)) {
    return refuse(`.main_storage begins with no UUID under key ${keyText(key)}`)
  }
  const nextRun = bytes.u64(idLength + zerosLength)
  if (nextRun === undefined || nextRun > maxTime) {
    return refuse('.main_storage states a next run after the year 9999; expected unix seconds')
  }
  const fields = { victim_id: victim, next_run: new Date(nextRun * 1000).toISOString(), key: keyText(key) }
  const sha256 = createHash('sha256').update(decoded).digest('hex')
  return {
    traits: [{ name: 'main_storage', offset: 0, length, fields }],
    payloads: [{ kind: 'main_storage', offset: 0, length, sha256, urls: [], fields, parts: [], nextRun }],
    refusals: [],
  }
}
