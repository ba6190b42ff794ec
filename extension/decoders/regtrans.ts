/**
 * Decoder of registry transaction logs that are none: TAXHAUL and Gopuram keep an encrypted payload under such a name.
 *
 * A genuine log names the registry keys it belongs to, `\REGISTRY\...` in UTF-16, and most have half a megabyte. The
 * payload itself opens only on its own host (CryptUnprotectData), so nothing is decrypted. A log that Windows has made
 * and not used yet holds zeros and says nothing.
 * References: Mandiant, Kaspersky, signature-base (2023).
 */

import { foldAscii } from '../domain/glob.ts'
import { entropy } from './byte-statistics.ts'
import { hexText } from './bytes.ts'
import { defineDecoder } from './decoder.ts'
import { refuse } from './refusal.ts'

/** Published bound: genuine logs of this name are larger, or name the registry. */
export const maxLog = 100_000
const registry = Buffer.from('REGISTRY', 'utf16le')

export const regtrans = defineDecoder({
  name: 'regtrans',
  description: 'Small registry transaction logs without a word of the registry, as TAXHAUL and Gopuram leave them.',
  wants: ({ filename, size }) => size > 0 && size < maxLog && foldAscii(filename).endsWith('.regtrans-ms'),
  files: [{ pattern: '**/*.regtrans-ms', maxSize: maxLog - 1 }],
  decode: async (file) => {
    const data = file.size < maxLog ? await file.read(0, file.size) : undefined
    if (!data) return refuse(`transaction log: its ${file.size} bytes could not be read; expected below ${maxLog}`)
    if (data.every((byte) => byte === 0) || Buffer.from(data).includes(registry)) return undefined
    const fields = { size: file.size, entropy: entropy(data), first_bytes: hexText(data.subarray(0, 16)) }
    return { traits: [{ name: 'regtrans_anomaly', offset: 0, length: file.size, fields }], payloads: [], refusals: [] }
  },
})
