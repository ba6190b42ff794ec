/**
 * Addresses and hosts that stand in bytes of any format, with where.
 *
 * For stores whose format says little: logs, settings, pieces of a database. One pass over runs of printable ASCII; an
 * address inside another one's query is not told, because nobody asked it. Texts in UTF-16 are found too.
 */
import type { Needles } from '../source.ts'

/** One address or host that holds a needle. */
export interface RawAddress {
  readonly text: string
  /** In the bytes; absent for a text in UTF-16. */
  readonly offset?: number
}

/** A longer run is looked at in pieces, which overlap by what may be cut. */
const maxRun = 4096
const overlap = 256

const latin1 = new TextDecoder('latin1')

/** Finds them; give it pieces of a large file. */
export function rawAddresses(bytes: Uint8Array, needles: Needles): RawAddress[] {
  const text = latin1.decode(bytes)
  const found: RawAddress[] = needles.mayHold(text) ? addressesIn(text, needles) : []
  const wide = text.includes('\0') ? text.replace(/(?:[\x20-\x7e]\0){4,}/g, (run) => run.replaceAll('\0', '')) : text
  if (wide.length === text.length || !needles.mayHold(wide)) return found
  const known = new Set(found.map((one) => one.text))
  const others = addressesIn(wide, needles).filter((one) => !known.has(one.text))
  return [...found, ...others.map((one) => ({ text: one.text }))]
}

function addressesIn(text: string, needles: Needles): RawAddress[] {
  const found = new Map<number, RawAddress>() // where runs overlap, one is seen twice
  for (const { run, at } of runs(text)) {
    if (!needles.mayHold(run)) continue
    for (const one of inRun(run)) {
      if (!needles.mayHold(one.text)) continue
      found.set(at + one.at, { text: one.text, offset: at + one.at })
    }
  }
  return [...found.values()]
}

/** Runs of characters that an address can have, in pieces. */
function* runs(text: string): Generator<{ run: string; at: number }> {
  let start = -1
  for (let at = 0; at <= text.length; at++) {
    const isInside = at < text.length && isAddressCharacter(text.charCodeAt(at))
    if (isInside && start < 0) start = at
    if (start < 0) continue
    if (!isInside) {
      yield { run: text.slice(start, at), at: start }
      start = -1
    } else if (at - start >= maxRun) {
      yield { run: text.slice(start, at), at: start }
      start = at - overlap
    }
  }
}

/** Printable, and none of what ends an address in a text: blank, quotes, brackets of markup, backslash, caret, bar. */
function isAddressCharacter(code: number): boolean {
  return code > 0x20 && code < 0x7f && !'"\'<>\\^`{|}'.includes(String.fromCharCode(code))
}

/** Addresses with a scheme; in a run without any, hosts, but not those of mail addresses. */
function* inRun(run: string): Generator<{ text: string; at: number }> {
  let end = run.length
  const starts: number[] = []
  for (let mark = run.indexOf('://'); mark >= 0; mark = run.indexOf('://', mark + 3)) {
    const scheme = /(?:https?|wss?|ftp)$/i.exec(run.slice(Math.max(0, mark - 5), mark))?.[0]
    if (scheme === undefined) continue
    const start = mark - scheme.length
    // A later one counts where a list has it, not inside the query of the first.
    if (starts.length === 0 || ',;([]'.includes(run[start - 1] ?? '')) starts.push(start)
  }
  for (const start of starts.toReversed()) {
    yield { text: run.slice(start, end).replace(/[,;)\]]+$/, ''), at: start }
    end = start
  }
  if (starts.length > 0) return
  let at = 0
  for (const piece of run.split(/[^a-z0-9._-]/i)) {
    const host = piece.replace(/^[._-]+|[._-]+$/g, '')
    const isMail = run[at - 1] === '@'
    if (host.includes('.') && !isMail) yield { text: host, at: at + piece.indexOf(host) }
    at += piece.length + 1
  }
}
