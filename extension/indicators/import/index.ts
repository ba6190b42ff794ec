/**
 * Importing lists of others: any known format in, one set and an honest report out.
 *
 * Importing is lenient where loading is strict: a line that cannot be used is reported and the rest goes on, because
 * the list is not ours to mend. A text that cannot be read as its format at all is an error.
 */
import type { IndicatorSet, Provenance } from '../../domain/indicator.ts'
import type { ObservableType } from '../../domain/observable.ts'
import { systemClock } from '../../runtime/clock.ts'
import { bounds } from '../bounds.ts'
import { frozenSet } from '../frozen-set.ts'
import { IndicatorsError } from '../problems.ts'
import { readSet } from '../set-file.ts'
import { loadSharedHosts, type SharedHosts } from '../shared-hosts.ts'
import { decodeText, parseJson } from '../text.ts'
import type { ListFacts, ReportLine } from './candidate.ts'
import { Collector } from './collector.ts'
import { detectFormat, type ImportFormat } from './detect.ts'
import { readMisp } from './misp.ts'
import { readPlainList } from './plain-list.ts'
import { readTable } from './sophos-csv.ts'
import { readStix } from './stix.ts'

export type { ReportLine } from './candidate.ts'
export { type ImportFormat, importFormats } from './detect.ts'

/** How to import. */
export interface ImportOptions {
  /** Name of the list in messages, and in the id of the set: `imported/<name>`. With a slash it is the id itself. */
  readonly name: string
  readonly format?: ImportFormat | 'auto'
  /** What the list does not say of itself. */
  readonly source?: Partial<Provenance>
  /** Milliseconds since 1970; decides what has expired, and the date of reading. */
  readonly nowMs?: number
  readonly sharedHosts?: SharedHosts
}

/** What an import did. */
export interface ImportReport {
  readonly format: ImportFormat
  /** Lines, rows, objects or attributes that were read. */
  readonly read: number
  /** Indicators in the set. */
  readonly imported: number
  readonly byType: Readonly<Partial<Record<ObservableType, number>>>
  /** What could not be carried over, and why. */
  readonly skipped: readonly ReportLine[]
  /** What was carried over with less weight than the list gave it, and why. */
  readonly remarks: readonly ReportLine[]
  /** Report lines beyond the ones kept. */
  readonly omitted: number
}

/** A set and its report. */
export interface Imported {
  readonly set: IndicatorSet
  readonly report: ImportReport
}

/** Imports a list. Throws `IndicatorsError` when the text is not of its format at all. */
export function importIndicators(input: Uint8Array | string, options: ImportOptions): Imported {
  if (input.length > bounds.fileBytes) {
    throw refusal(options.name, `the list has ${input.length} bytes; expected at most ${bounds.fileBytes}`)
  }
  const decoded = typeof input === 'string' ? { text: input.replace(/^\ufeff/, '') } : decodeText(input)
  if ('problem' in decoded) throw refusal(options.name, decoded.problem)
  const { format, json } = formatOf(decoded.text, options)
  if (format === 'threecx') return ownSet(decoded.text, options.name)
  const collector = new Collector(options.sharedHosts ?? loadSharedHosts())
  const nowMs = options.nowMs ?? systemClock.nowMs()
  const facts = readList(format, decoded.text, json, collector, nowMs)
  if (facts === undefined)
    throw refusal(options.name, 'the first line names no column of values; expected Indicator,Data,Note')
  const set = frozenSet({
    id: setIdOf(options.name),
    title: (facts.title ?? `Imported from ${options.source?.publisher ?? options.name}`).slice(0, 200),
    source: sourceOf(facts, options, nowMs),
    indicators: collector.indicators(),
  })
  return { set, report: { format, ...collector.report() } }
}

function formatOf(text: string, options: ImportOptions): { format: ImportFormat; json: unknown } {
  const { format = 'auto' } = options
  if (format === 'csv' || format === 'list' || format === 'threecx') return { format, json: undefined }
  const detected = format === 'auto' ? detectFormat(text) : parseJson(text)
  if ('problem' in detected) throw refusal(options.name, detected.problem)
  if ('value' in detected) return { format: format === 'misp' ? 'misp' : 'stix', json: detected.value }
  return { format: detected.format, json: 'json' in detected ? detected.json : undefined }
}

function readList(
  format: Exclude<ImportFormat, 'threecx'>,
  text: string,
  json: unknown,
  collector: Collector,
  nowMs: number,
): ListFacts | undefined {
  switch (format) {
    case 'csv':
      return readTable(text, collector)
    case 'list':
      readPlainList(text, collector)
      return {}
    case 'stix':
      return readStix(json, collector, nowMs)
    case 'misp':
      return readMisp(json, collector)
  }
}

function ownSet(text: string, name: string): Imported {
  const read = readSet(text, name, undefined)
  if ('problems' in read) throw new IndicatorsError(read.problems)
  const byType: Partial<Record<ObservableType, number>> = {}
  for (const { type } of read.set.indicators) byType[type] = (byType[type] ?? 0) + 1
  const count = read.set.indicators.length
  return {
    set: read.set,
    report: { format: 'threecx', read: count, imported: count, byType, skipped: [], remarks: [], omitted: 0 },
  }
}

/** `My List.csv` -> `imported/my-list`. */
function setIdOf(name: string): string {
  const parts = name.split('/').map(idWord).filter(Boolean)
  if (parts.length > 1) return parts.join('/').slice(0, 120)
  const [only = ''] = parts
  return `imported/${idWord(only.replace(/\.(csv|json|txt|list|stix|misp|ioc)$/, '')) || 'list'}`
}

function idWord(text: string): string {
  return text
    .slice(0, 80)
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^[-._]+|[-._]+$/g, '')
}

function sourceOf(facts: ListFacts, options: ImportOptions, nowMs: number): Provenance {
  const { source = {}, name } = options
  const published = source.published ?? facts.published
  return {
    publisher: source.publisher ?? facts.publisher ?? 'unknown',
    url: source.url ?? facts.url ?? `file:///${encodeURIComponent(name)}`,
    ...(published === undefined ? {} : { published }),
    retrieved: source.retrieved ?? new Date(nowMs).toISOString().slice(0, 10),
    licence: source.licence ?? 'unknown',
  }
}

function refusal(file: string, message: string): IndicatorsError {
  return new IndicatorsError([{ file, place: '', message }])
}
