/**
 * What a bare value is: a digest, an address, a domain, a path or a file name.
 *
 * Plain lists and careless columns do not say. The order of the questions matters: an e-mail address holds a domain, a
 * URL holds both, and `update.exe` is a file although `exe` could be a top-level domain.
 */
import { canonical, type DigestAlgorithm, digestLength, type ObservableType } from '../../domain/observable.ts'
import { cleaned, refang } from './refang.ts'

/** A value and its type, refanged where it is a network value. */
export interface TypedValue {
  readonly type: ObservableType
  readonly value: string
}

/** Endings that make a dotted name a file. None of them is a top-level domain that hosts anything of this campaign. */
const fileEndings =
  /\.(exe|dll|dylib|msi|mst|dmg|pkg|nupkg|sys|ico|ps1|bat|cmd|vbs|js|jse|hta|lnk|scr|tmp|dat|bin|cfg|ini|log|txt|json|plist|jat|regtrans-ms|elf|doc|docx|docm|xls|xlsx|xlsm|pdf|rtf|jar|apk|iso|img|7z|rar|gz|png|jpg)$/i

/** The type of a value, or undefined when nothing fits. */
export function typedValue(raw: string): TypedValue | undefined {
  const text = cleaned(raw)
  return digest(text) ?? registryKey(text) ?? path(text) ?? network(refang(text)) ?? fileName(text)
}

function digest(text: string): TypedValue | undefined {
  if (!/^[0-9a-f]+$/i.test(text)) return undefined
  for (const [type, length] of Object.entries(digestLength) as [DigestAlgorithm, number][]) {
    if (text.length === length) return { type, value: text }
  }
  return undefined
}

function registryKey(text: string): TypedValue | undefined {
  return /^(HKLM|HKCU|HKU|HKCR|HKEY_[A-Z_]+)\\/i.test(text) ? { type: 'registry_key', value: text } : undefined
}

function path(text: string): TypedValue | undefined {
  if (/^\\\\\.\\pipe\\/i.test(text)) return { type: 'named_pipe', value: text }
  return /^([a-z]:[\\/]|%[a-z_()0-9]+%[\\/]|~\/|\/[^/\s])/i.test(text) ? { type: 'path', value: text } : undefined
}

function network(text: string): TypedValue | undefined {
  if (/^https?:\/\//i.test(text)) return { type: 'url', value: text }
  if (/\s/.test(text)) return undefined
  if (/^[^@/\\]+@[^@/\\]+\.[^@/\\]+$/.test(text)) return { type: 'email', value: text }
  const address = text.replace(/^\[([0-9a-f:]+)\](:\d+)?$/i, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  if ('value' in canonical('ip', address)) return { type: 'ip', value: address }
  if (/^\d+(\.\d+)*(\/\d+)?$/.test(text) || fileEndings.test(text)) return undefined
  const host = text.replace(/^\*\./, '').replace(/:\d+$/, '')
  if ('value' in canonical('domain', host) && /\.[^.\d]{2,}\.?$/.test(host)) return { type: 'domain', value: host }
  return withoutScheme(text)
}

/** `host/path` without a scheme: lists drop it so that nobody clicks. Scheme and port do not count in a match. */
function withoutScheme(text: string): TypedValue | undefined {
  const host = /^([^/\\]+\.[^/\\.\d]{2,})(:\d+)?\//.exec(text)?.[1]
  return host !== undefined && 'value' in canonical('domain', host)
    ? { type: 'url', value: `https://${text}` }
    : undefined
}

function fileName(text: string): TypedValue | undefined {
  return fileEndings.test(text) && !/[/\\]/.test(text) ? { type: 'filename', value: text } : undefined
}
