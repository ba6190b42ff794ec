/**
 * The one place where evidence meets indicators.
 *
 * Scanners and SQL prefilters propose candidates and may propose too many (`officeaddons.com` is inside
 * `notofficeaddons.com.example`); only this decides. Both sides are canonical, so equality is string equality, except
 * for the types that contain: a domain covers its sub-domains, a URL what lies below its path, a path pattern every
 * user's copy, a command line whatever stands between its parts.
 */
import { commandLineParts, hasParts } from './command-line.ts'
import type { Evidence } from './evidence.ts'
import type { Finding } from './finding.ts'
import { foldAscii, type Glob, glob, matchesGlob } from './glob.ts'
import type { Indicator } from './indicator.ts'
import type { Observable } from './observable.ts'
import { pathPatterns } from './path-pattern.ts'

/** Answers which indicators an observable of some evidence belongs to. */
export interface Matcher {
  /** Every finding of one piece of evidence, in the order of its observables. */
  match(evidence: Evidence): Finding[]
}

interface PathIndicator {
  readonly indicator: Indicator
  readonly glob: Glob
}

/** Builds the look-up structures once; `match` is then independent of the number of indicators. */
export function matcher(indicators: Iterable<Indicator>): Matcher {
  const exact = new Map<string, Indicator[]>()
  const pathsByName = new Map<string, PathIndicator[]>()
  const urlsByHost = new Map<string, Indicator[]>()
  const commandLines: { readonly indicator: Indicator; readonly parts: readonly string[] }[] = []
  for (const indicator of indicators) {
    if (indicator.type === 'path') {
      for (const one of pathIndicators(indicator)) append(pathsByName, lastComponent(one.glob), one)
    } else if (indicator.type === 'url') append(urlsByHost, urlParts(indicator.value).host, indicator)
    else if (indicator.type === 'command_line')
      commandLines.push({ indicator, parts: commandLineParts(indicator.value) })
    else append(exact, key(indicator.type, indicator.value), indicator)
  }

  const candidates = (seen: Observable): Indicator[] => {
    switch (seen.type) {
      case 'path':
        return matchPath(pathsByName, seen.value)
      case 'domain':
        return suffixes(seen.value).flatMap((name) => exact.get(key('domain', name)) ?? [])
      case 'url':
        return matchUrl(urlsByHost, exact, seen.value)
      case 'command_line':
        return commandLines.filter(({ parts }) => hasParts(seen.value, parts)).map(({ indicator }) => indicator)
      default:
        return exact.get(key(seen.type, seen.value)) ?? []
    }
  }

  return {
    match: (evidence) =>
      evidence.observables.flatMap((observable) =>
        candidates(observable)
          .filter((indicator) => appliesTo(indicator, observable, evidence))
          .map((indicator) => ({ evidence, observable, indicator })),
      ),
  }
}

/** A digest means the same file everywhere; every other type means it only on the indicator's platform. */
function appliesTo(indicator: Indicator, observable: Observable, evidence: Evidence): boolean {
  if (observable.type === 'sha256' || observable.type === 'sha1' || observable.type === 'md5') return true
  if (indicator.platform === undefined) return true
  if (observable.type === 'version') return evidence.platform === indicator.platform
  return evidence.platform === undefined || evidence.platform === indicator.platform
}

function key(type: Observable['type'], value: string): string {
  return `${type}:${type === 'filename' ? foldAscii(value) : value}`
}

function append<V>(map: Map<string, V[]>, at: string, value: V): void {
  const list = map.get(at)
  if (list) list.push(value)
  else map.set(at, [value])
}

function pathIndicators(indicator: Indicator): PathIndicator[] {
  return pathPatterns(indicator.value, indicator.platform).map((pattern) => ({ indicator, glob: glob(pattern, true) }))
}

/** The index of a path pattern: its last component where that is literal, else the empty key. */
function lastComponent(compiled: Glob): string {
  const last = compiled.components.at(-1) ?? ''
  return last.includes('*') ? '' : last
}

function matchPath(pathsByName: ReadonlyMap<string, PathIndicator[]>, path: string): Indicator[] {
  const name = foldAscii(path.slice(path.lastIndexOf('/') + 1))
  return [...(pathsByName.get(name) ?? []), ...(pathsByName.get('') ?? [])]
    .filter((one) => matchesGlob(one.glob, path))
    .map((one) => one.indicator)
}

/** `a.b.c` -> `a.b.c`, `b.c`: a name and every name it lies under, the top-level domain excepted. */
function suffixes(domain: string): string[] {
  const labels = domain.split('.')
  return labels.slice(0, -1).map((_, at) => labels.slice(at).join('.'))
}

function matchUrl(
  urlsByHost: ReadonlyMap<string, Indicator[]>,
  exact: ReadonlyMap<string, Indicator[]>,
  url: string,
): Indicator[] {
  const seen = urlParts(url)
  const byUrl = (urlsByHost.get(seen.host) ?? []).filter((one) => isBelow(urlParts(one.value).path, seen.path))
  const byDomain = suffixes(seen.host).flatMap((name) => exact.get(key('domain', name)) ?? [])
  return [...byUrl, ...byDomain]
}

/** Scheme and port are left out: a proxy may log http for https, and the campaign used one service per host. */
function urlParts(url: string): { host: string; path: string } {
  const found = /^[a-z]+:\/\/([^/:?#]+)(?::\d+)?([^?#]*)/.exec(url)
  return { host: found?.[1] ?? '', path: foldAscii(found?.[2] ?? '/') }
}

/** Equal, or deeper at a component boundary. `/window` covers `/window/x`, not `/windows`. */
function isBelow(indicatorPath: string, path: string): boolean {
  if (!path.startsWith(indicatorPath)) return false
  return path.length === indicatorPath.length || indicatorPath.endsWith('/') || path[indicatorPath.length] === '/'
}
