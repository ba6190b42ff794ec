/**
 * What a log calls the other side: a name, an address, or a whole URL, told apart by how it is written.
 *
 * A name is letters, digits, `-`, `_` and dots (and whatever is beyond ASCII), so that text which a person has defanged
 * (`hxxp://`, `[.]`, `(.)`, ` dot `) is none, nor is a name inside a query string or a sentence. Nothing is folded here:
 * case, trailing dots and IDN stay as written, matching sees to them.
 */

/** Contacts, by kind. */
export interface Remote {
  readonly hosts: readonly string[]
  readonly urls: readonly string[]
  readonly ips: readonly string[]
}

/** A domain name has at most 253 characters, an IDN in UTF-8 a few more. */
const maxName = 300
const name = /^[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)+\.?$/u
const v4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
/** Addresses that stand for "none", and for a block in a resolver's answer. */
const nowhere = new Set(['0.0.0.0', '::', '::0', '255.255.255.255'])

/** Whether a text is a domain name of at least two labels, the last of them no number. */
export function isHostName(text: string): boolean {
  return text.length <= maxName && name.test(text) && !/(?:^|\.)\d+\.?$/.test(text)
}

/** Whether a text is an IPv4 or IPv6 address, a zone (`%eth0`) excepted. */
export function isAddress(text: string): boolean {
  if (text.length > 45) return false
  if (v4.test(text)) return text.split('.').every((one) => Number(one) < 256)
  return /^[0-9a-f:]{2,}(?:\d{1,3}(?:\.\d{1,3}){3})?$/i.test(text) && text.split(':').length > 2
}

/** Whether an address is of a network that is not the internet. */
export function isInternal(address: string): boolean {
  return /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:|ff[0-9a-f]{2}:|::1$)/i.test(
    address,
  )
}

/** `host:443`, `[::1]:443`, `host` -> the host. */
export function withoutPort(text: string): string {
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1
  if (bracket > 0) return text.slice(1, bracket)
  const colon = text.indexOf(':')
  return colon > 0 && /^\d{0,5}$/.test(text.slice(colon + 1)) ? text.slice(0, colon) : text
}

/** `::ffff:10.0.0.5` -> `10.0.0.5`: how a program on an IPv6 socket calls an IPv4 address. */
export function unmapped(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)
  return mapped?.[1] ?? address
}

/** The host of an absolute URL as it is written there, user and port taken off. */
function hostOfUrl(url: string, afterScheme: number): string {
  const end = url.slice(afterScheme, afterScheme + maxName * 2).search(/[/?#\\]/)
  const authority = url.slice(afterScheme, end < 0 ? afterScheme + maxName * 2 : afterScheme + end)
  return withoutPort(authority.slice(authority.lastIndexOf('@') + 1))
}

/** Sorts texts into names, addresses and URLs; whatever is none of these is left out, as is what comes twice or is in a URL. */
export function remoteOf(texts: Iterable<string | undefined>): Remote {
  const found = { hosts: new Set<string>(), urls: new Set<string>(), ips: new Set<string>() }
  const hostsOfUrls = new Set<string>()
  for (const text of texts) {
    if (text === undefined || text.length < 3) continue
    const scheme = /^([a-z]{2,5}):\/\//i.exec(text)
    if (scheme && !/^(?:https?|wss?|ftps?)$/i.test(scheme[1] ?? '')) continue
    const host = scheme ? hostOfUrl(text, scheme[0].length) : withoutPort(text)
    const address = unmapped(host)
    const named = isHostName(host)
    if (!named && !isAddress(address)) continue
    if (!named && !nowhere.has(address)) found.ips.add(address)
    if (scheme && /^http/i.test(text)) {
      found.urls.add(text)
      hostsOfUrls.add(host.toLowerCase())
    } else if (named) found.hosts.add(host)
  }
  const hosts = [...found.hosts].filter((one) => !hostsOfUrls.has(one.toLowerCase()))
  return { hosts, urls: [...found.urls], ips: [...found.ips] }
}
