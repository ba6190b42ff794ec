/**
 * Observables: typed values that are sought (in indicators) or seen (in evidence), each in one canonical form.
 *
 * Comparing is only safe between canonical values, so both sides pass through `canonical` once, at the border.
 * Refanging (`hxxp`, `[.]`) is not done here: it belongs to import, because a defanged value inside our own data is a
 * mistake to report, not to repair. The vocabulary follows STIX cyber-observables where STIX has a word.
 */

/** Every type of value the project knows. */
export const observableTypes = [
  'sha256',
  'sha1',
  'md5',
  'domain',
  'url',
  'ip',
  'path',
  'filename',
  'version',
  'filesize',
  'email',
  'registry_key',
  'user_agent',
  'certificate',
  'command_line',
  'cookie',
  'named_event',
  'named_pipe',
  /** What the bytes of a file show; a name of domain/trait.ts. */
  'structure',
  /** Name of a YARA rule. */
  'yara_rule',
] as const

/** One of the observable types. */
export type ObservableType = (typeof observableTypes)[number]

/** A digest algorithm, by the name of its observable type. */
export type DigestAlgorithm = 'sha256' | 'sha1' | 'md5'

/** The three digests published lists use, strongest first. */
export const digestAlgorithms = ['sha256', 'sha1', 'md5'] as const satisfies readonly DigestAlgorithm[]

/** A canonical value of one type. */
export interface Observable {
  readonly type: ObservableType
  readonly value: string
}

/** The canonical form, or why there is none: what was found and what was expected. */
export type Canonical = { readonly value: string } | { readonly problem: string }

/** Hex digits of each digest. */
export const digestLength: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha1: 40, md5: 32 }

/** Brings a value to the canonical form of its type. */
export function canonical(type: ObservableType, raw: string): Canonical {
  const text = raw.trim()
  if (text === '') return { problem: `${type} is empty` }
  switch (type) {
    case 'sha256':
    case 'sha1':
    case 'md5':
      return digest(type, text)
    case 'domain':
      return domain(text)
    case 'url':
      return url(text)
    case 'ip':
      return ip(text)
    case 'version':
      return version(text)
    case 'filesize':
      return /^\d{1,15}$/.test(text) ? { value: String(Number(text)) } : bad(type, text, 'a decimal number of bytes')
    case 'filename':
      return /[/\\]/.test(text) ? bad(type, text, 'a name without directories') : { value: text }
    default:
      return { value: text }
  }
}

/** Whether a value already has its canonical form. */
export function isCanonical(type: ObservableType, value: string): boolean {
  const result = canonical(type, value)
  return 'value' in result && result.value === value
}

function bad(type: ObservableType, text: string, expected: string): Canonical {
  return { problem: `${type} is ${JSON.stringify(text)}; expected ${expected}` }
}

function digest(type: DigestAlgorithm, text: string): Canonical {
  const value = text.toLowerCase()
  const length = digestLength[type]
  if (/^[0-9a-f]+$/.test(value) && value.length === length) return { value }
  return { problem: `${type} is ${JSON.stringify(text)} (${text.length} characters); expected ${length} hex digits` }
}

/**
 * Host names: lower case, IDN in its ASCII form, no trailing dot, at least two labels.
 * The URL parser does the IDNA mapping; it would also accept an address, which is not a domain.
 */
function domain(text: string): Canonical {
  const expected = 'a host name'
  if (/[\s/\\@:?#[\]%]/.test(text)) return bad('domain', text, expected)
  let host: string
  try {
    host = new URL(`http://${text.replace(/\.+$/, '')}/`).hostname
  } catch {
    return bad('domain', text, expected)
  }
  const labels = host.split('.')
  const isName = labels.length >= 2 && labels.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))
  if (!isName || /^[\d.]+$/.test(host) || host.length > 253) return bad('domain', text, expected)
  return { value: host }
}

/** Absolute http(s) URLs: scheme and host canonical, default port and fragment dropped, path and query untouched. */
function url(text: string): Canonical {
  const expected = 'an absolute http or https URL'
  const parts = /^(https?):\/\/([^/?#]+)([^#]*)/i.exec(text)
  if (!parts) return bad('url', text, expected)
  try {
    const parsed = new URL(text)
    if (parsed.hostname.endsWith('.')) parsed.hostname = parsed.hostname.replace(/\.+$/, '')
    const tail = parts[3] ?? ''
    return { value: `${parsed.protocol}//${parsed.host}${tail === '' || tail.startsWith('?') ? `/${tail}` : tail}` }
  } catch {
    return bad('url', text, expected)
  }
}

function ip(text: string): Canonical {
  const expected = 'an IPv4 or IPv6 address'
  try {
    if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
      const { hostname } = new URL(`http://${text}/`)
      return hostname === text ? { value: hostname } : bad('ip', text, expected)
    }
    if (/^[0-9a-f:.]+$/i.test(text) && text.includes(':')) {
      return { value: new URL(`http://[${text}]/`).hostname.slice(1, -1) }
    }
  } catch {
    return bad('ip', text, expected)
  }
  return bad('ip', text, expected)
}

/** Versions of this product have three significant fields; Windows shows a fourth, always 0. Compare three. */
function version(text: string): Canonical {
  const fields = /^v?(\d{1,5})\.(\d{1,5})\.(\d{1,5})(\.\d{1,5})?$/.exec(text)
  if (!fields) return bad('version', text, 'three numbers such as 18.12.416')
  return { value: fields.slice(1, 4).map(Number).join('.') }
}
