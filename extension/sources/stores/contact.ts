/**
 * Addresses and hosts as stores write them, as observables.
 */
import { canonical, type Observable } from '../../domain/observable.ts'

/** Bytes of a record that are shown. */
const maxRaw = 2048

/** Observables of an address; of one that is not http, its host. Empty when it is none. */
export function ofAddress(text: string): Observable[] {
  const address = text.replace(/^(?:blob:|view-source:|filesystem:)+/i, '')
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)/i.exec(address)?.[1]
  if (host === undefined || host === '') return []
  const [ip] = of('ip', host.replace(/^\[|\]$/g, ''))
  const url = of('url', address)
  if (ip) return [...url, ip]
  return url.length > 0 ? url : of('domain', host)
}

/** Observables of a host: `.example.com`, `example.com:443`, an address in numbers. */
export function ofHost(text: string): Observable[] {
  const host = text.replace(/^\.+/, '').replace(/:\d{1,5}$/, '')
  const ip = of('ip', host.replace(/^\[|\]$/g, ''))
  return ip.length > 0 ? ip : of('domain', host)
}

/** Observables of a text that may be either. */
export function ofText(text: string): Observable[] {
  return text.includes('://') ? ofAddress(text) : ofHost(text)
}

/** Observables of several texts, each once. */
export function ofAll(texts: readonly (string | null | undefined)[]): Observable[] {
  const all = texts.flatMap((text) => (text ? ofText(text) : []))
  return [...new Map(all.map((one) => [`${one.type} ${one.value}`, one])).values()]
}

/** A text as a record shows it. */
export function shown(text: string): string {
  return text.length > maxRaw ? text.slice(0, maxRaw) : text
}

function of(type: Observable['type'], text: string): Observable[] {
  const result = canonical(type, text)
  return 'value' in result ? [{ type, value: result.value }] : []
}
