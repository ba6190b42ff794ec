/**
 * One indicator file of our own format: text in, a frozen set or every problem out.
 *
 * Strict on purpose. A set is data that decides verdicts, so nothing is repaired silently here: a value that is not
 * canonical, an entry out of order, a number used twice is a problem with a place, and `repair.ts` mends on request.
 */
import type { IndicatorSet } from '../domain/indicator.ts'
import { canonical } from '../domain/observable.ts'
import { bounds } from './bounds.ts'
import { frozenSet } from './frozen-set.ts'
import { addIssues } from './issues.ts'
import { compareIndicators, indicatorKey } from './order.ts'
import { fixCommand, type IndicatorProblem, ProblemList, quoted } from './problems.ts'
import { repairedValue } from './repair-value.ts'
import { type IndicatorDocument, indicatorDocument, setHeader } from './schema.ts'
import { nonsenseIn } from './sense.ts'
import type { SetContent } from './set-text.ts'
import { isRecord, parseJson } from './text.ts'

/** A loaded set, or every problem of its file. */
export type ReadSet = { readonly set: IndicatorSet } | { readonly problems: readonly IndicatorProblem[] }

/** Reads one file. `id` is what the path says the id must be; undefined when the path says nothing. */
export function readSet(text: string, file: string, id: string | undefined): ReadSet {
  const problems = new ProblemList(file)
  const json = parseJson(text)
  if ('problem' in json) {
    problems.add('', json.problem)
    return { problems: problems.all() }
  }
  return readParsed(json.value, problems, id)
}

/** The same for a set inside a larger document, already parsed; places of problems are below the set. */
export function readSetValue(value: unknown, file: string): ReadSet {
  return readParsed(value, new ProblemList(file), undefined)
}

function readParsed(value: unknown, problems: ProblemList, id: string | undefined): ReadSet {
  const read = readDocument(value, problems)
  if (read && id !== undefined && read.id !== id) {
    problems.add('id', `id is ${quoted(read.id)}; expected ${quoted(id)}, the path of the file`)
  }
  const found = problems.all()
  return read && found.length === 0 ? { set: frozenSet(read) } : { problems: found }
}

function readDocument(value: unknown, problems: ProblemList): SetContent | undefined {
  if (!isRecord(value)) {
    problems.add('', 'the file does not hold an object; expected an indicator set')
    return undefined
  }
  const { indicators, ...rest } = value
  const header = setHeader.safeParse(rest)
  if (!header.success) addIssues(problems, header.error.issues, '', rest)
  const entries = readEntries(indicators, problems)
  if (!header.success) return undefined
  const { id, title, source } = header.data
  return { id, title, source, indicators: entries }
}

function readEntries(value: unknown, problems: ProblemList): IndicatorDocument[] {
  if (!Array.isArray(value)) {
    problems.add('indicators', value === undefined ? 'missing; expected a list' : 'not a list; expected a list')
    return []
  }
  if (value.length > bounds.indicators) {
    problems.add('indicators', `${value.length} entries; expected at most ${bounds.indicators}`)
    return []
  }
  const entries: IndicatorDocument[] = []
  const seen = new Seen()
  for (const [at, raw] of value.entries()) {
    if (problems.isFull) break
    const place = `indicators[${at}]`
    const parsed = indicatorDocument.safeParse(raw)
    if (!parsed.success) {
      addIssues(problems, parsed.error.issues, place, raw)
      continue
    }
    checkEntry(parsed.data, place, problems)
    seen.check(parsed.data, place, problems)
    entries.push(parsed.data)
  }
  return entries
}

function checkEntry(one: IndicatorDocument, place: string, problems: ProblemList): void {
  const result = canonical(one.type, one.value)
  if ('problem' in result) {
    const isMendable = repairedValue(one.type, one.value) !== undefined
    problems.add(`${place}.value`, result.problem, isMendable ? fixCommand : undefined)
    return
  }
  if (result.value !== one.value) {
    const message = `${one.type} is ${quoted(one.value)}; expected the canonical form ${quoted(result.value)}`
    problems.add(`${place}.value`, message, fixCommand)
  }
  for (const { field, message } of nonsenseIn(one)) problems.add(`${place}.${field}`, message)
}

/** What came before in the same file: numbers, keys, and the last entry. */
class Seen {
  readonly #numbers = new Map<number, string>()
  readonly #keys = new Map<string, string>()
  #last: IndicatorDocument | undefined

  check(one: IndicatorDocument, place: string, problems: ProblemList): void {
    const sameNumber = this.#numbers.get(one.number)
    if (sameNumber === undefined) this.#numbers.set(one.number, place)
    else
      problems.add(
        `${place}.number`,
        `number ${one.number} is already used by ${sameNumber}; expected a new one`,
        fixCommand,
      )
    const key = indicatorKey(one)
    const sameKey = this.#keys.get(key)
    if (sameKey === undefined) this.#keys.set(key, place)
    else
      problems.add(
        place,
        `${one.type} ${quoted(one.value)} is already listed at ${sameKey}; expected it once`,
        fixCommand,
      )
    if (sameKey === undefined && this.#last && compareIndicators(this.#last, one) > 0) {
      const before = `${this.#last.type} ${quoted(this.#last.value)}`
      problems.add(
        place,
        `${one.type} ${quoted(one.value)} stands after ${before}; expected order by type, then value`,
        fixCommand,
      )
    }
    this.#last = one
  }
}
