/**
 * What is sought in logs and stores, as short texts: of every indicator of the network the part that no other record
 * has by chance.
 *
 * A domain is sought by its longest label, because a log may write it in labels (`(12)officeaddons(3)com(0)`), and a URL
 * on a host that others use by the longest part of its path, because host and path may be two columns and slashes may be
 * escaped. Candidates that are none cost a parse; `domain/match.ts` decides.
 */
import { verdictOf } from '../domain/finding.ts'
import { foldAscii } from '../domain/glob.ts'
import type { Indicator } from '../domain/indicator.ts'
import type { Needles } from '../sources/source.ts'

/** A shorter label or part of a path occurs in too many records. */
const minLength = 8
/** An engine takes no more. */
const maxNeedles = 20_000

/** The needles of the indicators that speak against a host. */
export function needlesOf(indicators: Iterable<Indicator>): Needles {
  const sought = [...indicators].filter((one) => {
    const verdict = verdictOf(one)
    return verdict !== undefined && verdict !== 'benign'
  })
  const domains = new Set(sought.flatMap(({ type, value }) => (type === 'domain' ? [value] : [])))
  const texts = new Set<string>()
  for (const one of sought) for (const text of textsOf(one, domains)) texts.add(text)
  return needlesOfTexts(texts)
}

/** Needles of some texts; shorter ones than three characters are left out. */
export function needlesOfTexts(wanted: Iterable<string>): Needles {
  const texts = new Set([...wanted].map(foldAscii))
  // what holds a longer text holds the shorter one that is part of it
  const all = [...texts].filter((text) => text.length >= 3).sort((a, b) => a.length - b.length)
  const kept = withoutLonger(all)
  // the engine keeps what it made of a list for as long as it is asked with the same one
  const list = Object.freeze(kept.slice(0, maxNeedles))
  return {
    texts: list,
    mayHold: (text) => {
      const folded = foldAscii(text)
      return list.some((one) => folded.includes(one))
    },
  }
}

/**
 * The texts, by ascending length, that hold no shorter one of them. Digests come in tens of thousands: a text is compared
 * with shorter ones alone, and of those only with what begins with three of its characters.
 */
function withoutLonger(texts: readonly string[]): string[] {
  const kept: string[] = []
  const byBeginning = new Map<string, string[]>()
  let indexed = 0
  for (const text of texts) {
    for (let next = kept[indexed]; next !== undefined && next.length < text.length; next = kept[++indexed]) {
      const beginning = next.slice(0, 3)
      const some = byBeginning.get(beginning)
      if (some) some.push(next)
      else byBeginning.set(beginning, [next])
    }
    if (!holdsAny(text, byBeginning)) kept.push(text)
  }
  return kept
}

function holdsAny(text: string, byBeginning: ReadonlyMap<string, readonly string[]>): boolean {
  for (let at = 0; at + 3 <= text.length; at++) {
    const some = byBeginning.get(text.slice(at, at + 3))
    if (some?.some((shorter) => text.startsWith(shorter, at))) return true
  }
  return false
}

function textsOf({ type, value }: Indicator, domains: ReadonlySet<string>): string[] {
  switch (type) {
    case 'domain':
      return domainTexts(value)
    case 'url':
      return urlTexts(value, domains)
    case 'ip':
    case 'cookie':
    case 'user_agent':
      return [value.slice(0, 255)]
    default:
      return []
  }
}

function domainTexts(domain: string): string[] {
  const labels = domain.split('.')
  const longest = labels.toSorted((a, b) => b.length - a.length)[0] ?? domain
  if (longest.length >= minLength && longest.length * 2 > domain.length) return [longest]
  return [domain, inLabels(labels)]
}

/** As the debug log of Windows' DNS server writes names: `msedge(3)com`. */
function inLabels(labels: readonly string[]): string {
  return labels.map((label, at) => (at === 0 ? label : `(${label.length})${label}`)).join('')
}

function urlTexts(url: string, domains: ReadonlySet<string>): string[] {
  if (!URL.canParse(url)) return []
  const { hostname, pathname } = new URL(url)
  if (domains.has(hostname)) return []
  const longest = pathname.split('/').toSorted((a, b) => b.length - a.length)[0] ?? ''
  return longest.length >= minLength ? [longest] : [`${hostname}${pathname}`.slice(0, 255)]
}
