/**
 * Any table with a heading whose columns have well-known names, between commas, semicolons, tabs or bars.
 */
import type { LogFormat } from '../log-format.ts'
import { delimited } from '../log-text/delimited.ts'
import { isKnownHeading, knownContact } from '../log-text/known-columns.ts'

const delimiters = [',', ';', '\t', '|'] as const

/** The delimiter that gives most columns. */
function delimiterOf(heading: string): string {
  const counts = delimiters.map((one) => delimited(heading, one).length)
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ','
}

/** `Destination IP` -> `destination_ip`. */
function namesOf(heading: string, delimiter: string): string[] {
  return delimited(heading.replace(/^\uFEFF/, ''), delimiter).map((name) =>
    name.trim().toLowerCase().replace(/\s+/g, '_'),
  )
}

export const csv: LogFormat = {
  name: 'csv',
  about: {
    reads:
      'Tables with a heading of well-known column names, as exported from firewalls, proxies, SIEMs and spreadsheets.',
    blind:
      'Columns with other names and tables without a heading, unless the configuration maps them. Times without a zone are taken as UTC.',
    platforms: ['windows', 'darwin', 'linux'],
  },
  headLines: 1,
  recognises: ([heading = '']) => {
    if (heading.length > 16_384) return false
    const names = namesOf(heading, delimiterOf(heading))
    return names.length > 1 && names.every((name) => /^[\w@#.() /-]{1,128}$/.test(name)) && isKnownHeading(names)
  },
  parse: (line, { headings: [heading], mtime }) => {
    if (heading === undefined || line === heading) return undefined
    const delimiter = delimiterOf(heading)
    const names = namesOf(heading, delimiter)
    const columns = delimited(line, delimiter)
    return knownContact((name) => {
      const value = columns[names.indexOf(name)]
      return value === undefined ? undefined : [value.trim()]
    }, mtime)
  },
}
