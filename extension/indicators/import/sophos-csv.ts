/**
 * Tables of indicators: the `Indicator,Data,Note` of SophosLabs, and the like with other headings.
 * https://github.com/sophoslabs/IoCs
 *
 * SophosLabs says URL for bare domains and leaves out schemes, so a network value is taken for what it is, not for what
 * its row says. A `Description` row tells where the list was published. Volexity's tables put up to three digests of
 * one file into one cell; such a cell is several values.
 */
import type { ObservableType } from '../../domain/observable.ts'
import type { Intake, ListFacts } from './candidate.ts'
import { csvDelimiter, csvRows } from './csv.ts'
import { cleaned, refang } from './refang.ts'
import { typedValue } from './value-type.ts'

/** Headings by what they mean, lower case, letters only. The first that fits wins. */
const headings = {
  value: ['data', 'value', 'indicatorvalue', 'ioc', 'observable', 'hash', 'domain', 'url', 'indicator'],
  type: ['indicatortype', 'entitytype', 'ioctype', 'type', 'indicator'],
  note: ['note', 'notes', 'comment', 'description'],
} as const

/** Types by the words rows use, lower case, letters and digits only. */
const types: ReadonlyMap<string, ObservableType> = new Map([
  ['sha256', 'sha256'],
  ['sha1', 'sha1'],
  ['md5', 'md5'],
  ['email', 'email'],
  ['emailaddress', 'email'],
  ['emailwhois', 'email'],
  ['filepath', 'path'],
  ['filepathname', 'path'],
  ['path', 'path'],
  ['directory', 'path'],
  ['filename', 'filename'],
  ['registrykey', 'registry_key'],
  ['registry', 'registry_key'],
  ['regkey', 'registry_key'],
  ['useragent', 'user_agent'],
  ['commandline', 'command_line'],
  ['cmdline', 'command_line'],
  ['cookie', 'cookie'],
  ['namedpipe', 'named_pipe'],
  ['pipe', 'named_pipe'],
  ['mutex', 'named_event'],
  ['event', 'named_event'],
  ['certificate', 'certificate'],
  ['certserial', 'certificate'],
])

/** Words for what the value itself tells better. */
const seeValue = new Set([
  '',
  'url',
  'uri',
  'domain',
  'hostname',
  'fqdn',
  'host',
  'ip',
  'ipv4',
  'ipv6',
  'ipaddress',
  'ipport',
  'file',
  'hash',
  'ioc',
  'indicator',
])

interface Columns {
  readonly value: number
  readonly type: number | undefined
  readonly note: number | undefined
}

/** Whether a first line is the header of such a table. */
export function isIndicatorTable(text: string): boolean {
  for (const row of csvRows(text.slice(0, 4096), csvDelimiter(text))) return columnsOf(row.fields) !== undefined
  return false
}

/** Reads a table; undefined when the header names no column of values. */
export function readTable(text: string, intake: Intake): ListFacts | undefined {
  const rows = csvRows(text, csvDelimiter(text))
  const header = rows.next()
  const columns = header.done ? undefined : columnsOf(header.value.fields)
  if (columns === undefined) return undefined
  let facts: ListFacts = {}
  for (const row of rows) {
    const place = `line ${row.line}`
    const cell = row.fields[columns.value] ?? ''
    const word = wordOf(columns.type === undefined ? '' : (row.fields[columns.type] ?? ''))
    const note = columns.note === undefined ? '' : (row.fields[columns.note] ?? '').trim()
    if (word === 'description') facts = { ...facts, ...described(cell, note) }
    else if (cell.trim() !== '') {
      intake.read()
      if (row.isBroken) intake.skip(place, cell, 'the row ends inside quotes')
      else readCell({ place, word, cell, note }, intake)
    }
  }
  return facts
}

function columnsOf(fields: readonly string[]): Columns | undefined {
  const words = fields.map((field) => wordOf(field))
  const find = (names: readonly string[], taken: number | undefined) => {
    for (const name of names) {
      const at = words.indexOf(name)
      if (at >= 0 && at !== taken) return at
    }
    return undefined
  }
  const value = find(headings.value, undefined)
  return value === undefined ? undefined : { value, type: find(headings.type, value), note: find(headings.note, value) }
}

function wordOf(text: string): string {
  return text
    .slice(0, 100)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
}

function described(cell: string, note: string): ListFacts {
  const url = refang(cell)
  return { ...(/^https?:\/\/\S+$/.test(url) ? { url } : {}), ...(note === '' ? {} : { title: note.slice(0, 200) }) }
}

function readCell(row: { place: string; word: string; cell: string; note: string }, intake: Intake): void {
  const { place, word, note } = row
  const described = note === '' ? {} : { component: note }
  const stated = types.get(word)
  for (const value of parts(row.cell)) {
    const typed = typedValue(value)
    const isDigest = stated === 'sha256' || stated === 'sha1' || stated === 'md5'
    if (stated !== undefined && !(isDigest && typed && isDigestType(typed.type))) {
      intake.offer({ place, type: stated, value, ...described })
    } else if (typed !== undefined && (stated !== undefined || seeValue.has(word))) {
      intake.offer({ place, ...typed, ...described })
    } else if (seeValue.has(word)) {
      intake.skip(place, value, 'not a digest, address, domain, URL, path or file name')
    } else intake.skip(place, value, `no type is called ${JSON.stringify(word)}`)
  }
}

function isDigestType(type: ObservableType): boolean {
  return type === 'sha256' || type === 'sha1' || type === 'md5'
}

/** Digests of one file, separated by commas, blanks or lines; anything else is one value. */
function parts(cell: string): string[] {
  const pieces = cleaned(cell).split(/[\s,;|]+/)
  return pieces.length > 1 && pieces.length <= 16 && pieces.every((one) => /^[0-9a-f]{32,64}$/i.test(one))
    ? pieces
    : [cell]
}
