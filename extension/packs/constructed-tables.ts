/**
 * `auto_table_construction.json` of a pack: tables over databases, in the shape of osquery's configuration.
 *
 * osquery leaves out what it cannot use and says so in a log that nobody reads; here each mistake is a problem with its
 * line. A platform is required: a path is one of a system, and osquery would look for it on all of them.
 */
import type { ConstructedTable } from '../domain/constructed-table.ts'
import { platforms } from '../domain/platform.ts'

/** Tables, and what is wrong with the others. */
export interface ConstructedTables {
  readonly tables: readonly ConstructedTable[]
  readonly problems: readonly { readonly line: number; readonly message: string }[]
}

const word = /^[a-z][a-z0-9_]{0,63}$/
const members = ['query', 'path', 'columns', 'platform']
const maxColumns = 100

/** Reads the file; throws on text that is no JSON object. */
export function parseConstructedTables(text: string): ConstructedTables {
  const document: unknown = JSON.parse(text)
  if (!isObject(document)) throw new Error('expected an object of tables')
  const problems: { line: number; message: string }[] = []
  const tables = Object.entries(document).flatMap(([name, value]) => {
    const line = text.slice(0, Math.max(text.indexOf(JSON.stringify(name)), 0)).split('\n').length
    const found = tableOf(name, value)
    if (typeof found !== 'string') return [found]
    problems.push({ line, message: `table ${JSON.stringify(name)}: ${found}` })
    return []
  })
  return { tables, problems }
}

/** The table, or what is wrong with it. */
function tableOf(name: string, value: unknown): ConstructedTable | string {
  if (!word.test(name)) return 'the name is not snake_case'
  if (!isObject(value)) return 'expected an object'
  const wrong = Object.keys(value).find((key) => !members.includes(key))
  if (wrong !== undefined) return `${JSON.stringify(wrong)} is unknown; expected ${members.join(', ')}`
  const { query, path, columns } = value
  const platform = platforms.find((one) => one === value['platform'])
  if (!platform) return `platform is ${JSON.stringify(value['platform'])}; expected one of ${platforms.join(', ')}`
  if (typeof query !== 'string' || !/^select\s/i.test(query)) return 'query is no SELECT'
  const isRooted = typeof path === 'string' && (platform === 'windows' ? /^[A-Z]:\\/ : /^\//).test(path)
  if (!isRooted) return `path is ${JSON.stringify(path)}; expected one from the root of a ${platform} host`
  if (!Array.isArray(columns) || columns.length === 0 || columns.length > maxColumns)
    return 'columns is no list of names'
  const isName = (one: unknown): one is string => typeof one === 'string' && word.test(one)
  if (!columns.every(isName)) return 'columns has what is no snake_case name'
  if (new Set(columns).size < columns.length) return 'columns names one twice'
  if (columns.includes('path')) return 'columns names path, which osquery adds by itself'
  return { name, query, path, columns, platform }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
