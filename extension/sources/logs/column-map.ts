/**
 * A format from the configuration: which columns of a table, or members of JSON lines, are time, host, address and so on.
 *
 * It recognises nothing by itself; the configuration says which files it is for.
 */
import type { LogFormat } from '../log-format.ts'
import { anyTime } from '../log-text/calendar.ts'
import { contact } from '../log-text/contact.ts'
import { delimited } from '../log-text/delimited.ts'
import { flattened, jsonObject } from '../log-text/json-record.ts'
import { destination } from '../log-text/request.ts'

/** A column by the name in the heading (any case; a member of JSON by its path, `dns.name`), or by its number from 1. */
export type Column = string | number

/** Which column is what. At least one of `host`, `url` and `ip` makes sense. */
export interface ColumnMap {
  /** Name of the format, for the column `source`; `column_map` unless told. */
  readonly name?: string
  /** `csv` (any delimiter) unless told. */
  readonly format?: 'csv' | 'json'
  /** One character or more between the columns of a table; a comma unless told. */
  readonly delimiter?: string
  readonly time?: Column
  /** A name, with or without a port. */
  readonly host?: Column
  /** A whole URL, or a path on `host`. */
  readonly url?: Column
  readonly ip?: Column
  readonly user?: Column
  readonly client?: Column
}

/** The format that a map stands for. */
export function columnMap(map: ColumnMap): LogFormat {
  const delimiter = map.delimiter === undefined || map.delimiter === '' ? ',' : map.delimiter
  const hasHeading = [map.time, map.host, map.url, map.ip, map.user, map.client].some((one) => typeof one === 'string')
  const ofTable = (line: string, heading: string | undefined) => {
    if (hasHeading && (heading === undefined || line === heading)) return undefined
    const names = hasHeading ? delimited((heading ?? '').replace(/^\uFEFF/, ''), delimiter).map(folded) : []
    const columns = delimited(line, delimiter)
    return (column: Column) => columns[typeof column === 'number' ? column - 1 : names.indexOf(folded(column))]?.trim()
  }
  const ofJson = (line: string) => {
    const object = jsonObject(line)
    const values = object && flattened(object)
    return values && ((column: Column) => values.get(String(column).toLowerCase())?.[0])
  }
  return {
    name: map.name ?? 'column_map',
    about: {
      reads: 'Tables and JSON lines whose columns the configuration maps.',
      blind: 'Columns that are not mapped. Times without a zone are taken as UTC.',
      platforms: ['windows', 'darwin', 'linux'],
    },
    headLines: map.format !== 'json' && hasHeading ? 1 : 0,
    recognises: () => false,
    parse: (line, { headings, mtime }) => {
      const value = map.format === 'json' ? ofJson(line) : ofTable(line, headings[0])
      if (!value) return undefined
      const of = (column: Column | undefined) => (column === undefined ? undefined : value(column))
      const url = of(map.url)
      return contact([of(map.host), url && destination({ method: '', target: url }, of(map.host)), of(map.ip)], {
        time: anyTime(of(map.time) ?? '', mtime),
        user: of(map.user),
        client: of(map.client),
      })
    },
  }
}

function folded(name: string): string {
  return name.trim().toLowerCase()
}
