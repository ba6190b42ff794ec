/**
 * Chromium's `Network Persistent State`: servers that were talked to over TLS, kept to find HTTP/2 and HTTP/3 again.
 *
 * It says nothing of when, but survives a deleted history, and requests of parts of a page and of the app itself are in
 * it. The times of alternative services are when they expire.
 */

import type { Source } from '../source.ts'
import { viewOf } from '../sqlite/header.ts'
import { wholeFile } from '../whole-file.ts'
import { ofText, shown } from './contact.ts'
import { evidenceOf, present } from './database.ts'
import { rawAddresses } from './raw-addresses.ts'
import { webkitTime } from './times.ts'

/** Far beyond what profiles have. */
const maxBytes = 8 << 20
/** A text beyond this would hold up the loop while it is parsed (4 to 14 ms per MiB, measured); it is searched instead. */
const maxParsed = 1 << 20
/** Looked at before others have their turn. */
const valuesAtOnce = 5000

const name = 'chromium_network_state'

/** The source. */
export const chromiumNetworkState: Source = {
  name,
  about: {
    reads: 'Servers that Chromium browsers, and apps made with Electron, remember for HTTP/2 and HTTP/3.',
    blind:
      'When the server was asked. Servers that offered neither. TransportSecurity beside it keeps hosts as digests with ' +
      'a salt of the file and is not read.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  recognises: (file, head) =>
    /^network persistent state$/i.test(file.name) ||
    Buffer.from(head).toString('latin1').startsWith('{"net":{"http_server_properties"'),
  async *read(file, reader, needles, signal) {
    if (!(await reader.mayHold())) return
    const bytes = await wholeFile(file, reader, maxBytes, signal)
    if ('problem' in bytes) return void (yield bytes)
    const parsed = bytes.length > maxParsed ? undefined : json(bytes)
    if (parsed === undefined) {
      if (bytes.length <= maxParsed) yield damaged(file.path)
      for (const { text, offset } of rawAddresses(bytes, needles)) {
        const contact = { raw: shown(text), ...present<{ offset: number }>({ offset }), observables: ofText(text) }
        if (contact.observables.length > 0) yield evidenceOf(name, file, contact)
      }
      return
    }
    const told = new Set<string>()
    let count = 0
    for (const place of placesOf(parsed.value)) {
      count += 1
      if (count % valuesAtOnce === 0) {
        await new Promise(setImmediate)
        signal.throwIfAborted()
      }
      const { value } = place
      if (typeof value !== 'string' || told.has(value) || !needles.mayHold(value)) continue
      told.add(value)
      const observables = ofText(value)
      if (observables.length === 0) continue
      const fields = present<Record<string, number>>({ expires: expiryAt(place) })
      yield evidenceOf(name, file, { record: nameOf(place), raw: shown(value), fields, observables })
    }
  },
}

function damaged(path: string) {
  const message = `${path} is no whole JSON; addresses in it are told without what they belong to`
  return { problem: { code: 'damaged', message } }
}

function json(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder().decode(viewOf(bytes))) }
  } catch {
    return undefined
  }
}

/** A value of the document, by way of what it lies in. */
interface Place {
  readonly value: unknown
  readonly name: string
  readonly inside?: Place
}

/** Every value of the document, however deep, in its order. */
function* placesOf(document: unknown): Generator<Place> {
  const open: Place[] = [{ value: document, name: '' }]
  for (let inside = open.pop(); inside !== undefined; inside = open.pop()) {
    yield inside
    const { value } = inside
    if (typeof value !== 'object' || value === null) continue
    const isList = Array.isArray(value)
    for (const [key, one] of Object.entries(value).toReversed()) {
      open.push({ value: one, name: isList ? `[${key}]` : `.${key.slice(0, 50)}`, inside })
    }
  }
}

/** `net.http_server_properties.servers[3].server`, its last ten steps. */
function nameOf(place: Place): string {
  let name = ''
  let steps = 0
  for (let at: Place | undefined = place; at !== undefined && steps < 10; at = at.inside, steps++) name = at.name + name
  return name.replace(/^\./, '')
}

/** When the last of the alternative services of a server expires, unix seconds. */
function expiryAt({ inside }: Place): number | undefined {
  const services = (inside?.value as { alternative_service?: unknown } | undefined)?.alternative_service
  if (!Array.isArray(services)) return undefined
  const times = services.slice(0, 100).map((one: unknown) => {
    const expiration = (one as { expiration?: unknown } | null)?.expiration
    return typeof expiration === 'string' ? webkitTime(expiration) : undefined
  })
  return times.filter((one) => one !== undefined).sort((a, b) => b - a)[0]
}
