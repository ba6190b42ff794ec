/**
 * A value as it was probably meant: refanged, in canonical form, and free of what does not belong to its type.
 *
 * Used by imports, where lists come defanged, and by `check --fix`. Loading never repairs. Quotes and brackets are only
 * taken off where the type cannot have them: in a command line or a path they may be meant.
 */
import { canonical, type ObservableType } from '../domain/observable.ts'
import { cleaned, refang } from './import/refang.ts'

/** Types whose values are written defanged. */
const networkTypes: ReadonlySet<ObservableType> = new Set(['domain', 'url', 'ip', 'email'])

/** Types that are digits and little else. */
const plainTypes: ReadonlySet<ObservableType> = new Set(['sha256', 'sha1', 'md5', 'version', 'filesize'])

/** The canonical form behind a value, or undefined when there is none. */
export function repairedValue(type: ObservableType, raw: string): string | undefined {
  const text = networkTypes.has(type) ? refang(raw) : plainTypes.has(type) ? cleaned(raw) : raw
  const result = canonical(type, text)
  if ('value' in result) return result.value
  return type === 'domain' ? hostOnly(text) : undefined
}

/** `https://bad.example/` where a domain is expected; with a path it is more than a domain, and a person must decide. */
function hostOnly(text: string): string | undefined {
  const host = /^https?:\/\/([^/?#@:]+)\/?$/i.exec(text)?.[1]
  if (host === undefined) return undefined
  const result = canonical('domain', host)
  return 'value' in result ? result.value : undefined
}
