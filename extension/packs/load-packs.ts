/**
 * The packs that ship with the program, and folders of packs of the same shape: `pack.json` and one `.sql` per query.
 *
 * A file that cannot be used is a problem with its place; the other queries of the pack stay.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type HuntingPack, type HuntingQuery, type PackProblem, parseHuntingQuery } from '../domain/hunting-query.ts'
import { shippedFiles, shippedText } from '../runtime/resources.ts'
import { parseConstructedTables } from './constructed-tables.ts'
import { withInlineRules } from './inline-rules.ts'
import { type KnownRow, parseKnownRows } from './known-rows.ts'

/** What a folder or the program holds. */
export interface LoadedPacks {
  readonly packs: readonly HuntingPack[]
  readonly problems: readonly PackProblem[]
  /** Where each query and pack was read, for whoever has to name a line. */
  readonly sources: ReadonlyMap<HuntingQuery | HuntingPack, PackSource>
  /** Rows that are accepted, by query. */
  readonly known: ReadonlyMap<HuntingQuery, readonly KnownRow[]>
}

/** A file and what stands in it. */
export interface PackSource {
  readonly file: string
  readonly text: string
}

/** A longer file is no query. */
const maxBytes = 256 * 1024
const maxFiles = 1000
const knownEnding = '.known.json'
/** Named as osquery's configuration names the member that it becomes. */
const constructedFile = 'auto_table_construction.json'
const nothing = { packs: [], sources: new Map<never, PackSource>(), known: new Map<never, readonly KnownRow[]>() }
const prefix = 'packs/'
/** What the packs look like for others; written from them, and not part of the program. */
const rendered = `${prefix}rendered/`

/** The packs that ship with the program, by name. */
export function shippedPacks(): LoadedPacks {
  const files = shippedFiles(prefix)
    .filter((name) => !name.startsWith(rendered))
    .map((name) => name.slice(prefix.length).split('/'))
  const names = [...new Set(files.filter((parts) => parts[1] === 'pack.json').map(([pack = '']) => pack))]
  return mergePacks(
    names.map((pack) => {
      const own = files.filter((parts) => parts.length === 2 && parts[0] === pack).map((parts) => parts[1] ?? '')
      return loadPack(pack, own, (file) => ({
        text: shippedText(`${prefix}${pack}/${file}`),
        place: `${prefix}${pack}/${file}`,
      }))
    }),
  )
}

/** One folder that somebody named: a pack of his own. */
export function loadPackFolder(folder: string): LoadedPacks {
  const place = (file: string) => join(folder, file)
  let files: string[]
  try {
    files = readdirSync(folder).sort().slice(0, maxFiles)
  } catch (cause) {
    const message = `no pack of that name ships, and there is no such folder: ${textOf(cause)}`
    return { ...nothing, problems: [{ file: folder, line: 1, message }] }
  }
  return loadPack(basename(folder), files, (file) => ({ text: readBounded(place(file)), place: place(file) }))
}

function loadPack(
  name: string,
  files: readonly string[],
  read: (file: string) => { readonly text: string; readonly place: string },
): LoadedPacks {
  const problems: PackProblem[] = []
  const queries: HuntingQuery[] = []
  const sources = new Map<HuntingQuery | HuntingPack, PackSource>()
  const accepted = new Map<string, readonly KnownRow[]>()
  let constructed: HuntingPack['constructed'] = []
  let about:
    | { readonly document: Omit<HuntingPack, 'name' | 'constructed' | 'queries'>; readonly source: PackSource }
    | undefined
  for (const file of files) {
    const isPart =
      file === 'pack.json' || file === constructedFile || file.endsWith('.sql') || file.endsWith(knownEnding)
    if (!isPart) continue
    try {
      const { text, place } = read(file)
      if (file === 'pack.json') {
        about = { document: aboutPack(JSON.parse(text)), source: { file: place, text } }
        continue
      }
      if (file === constructedFile) {
        const read = parseConstructedTables(text)
        constructed = read.tables
        problems.push(...read.problems.map((one) => ({ file: place, ...one })))
        continue
      }
      if (file.endsWith(knownEnding)) {
        accepted.set(basename(file, knownEnding), parseKnownRows(text))
        continue
      }
      const parsed = parseHuntingQuery(name, basename(file, '.sql'), text, place)
      if ('query' in parsed) {
        const { sql, unknown } = withInlineRules(parsed.query.sql)
        const query = { ...parsed.query, sql }
        queries.push(query)
        sources.set(query, { file: place, text })
        problems.push(...unknown.map((message) => ({ file: place, line: lineOf(text, "'rules:"), message })))
      } else problems.push(...parsed.problems)
    } catch (cause) {
      const message = textOf(cause)
      problems.push({ file: `${name}/${file}`, line: Number(/\(line (\d+) column/.exec(message)?.[1] ?? 1), message })
    }
  }
  if (!about) {
    problems.push({ file: `${name}/pack.json`, line: 1, message: 'there is no usable pack.json beside the queries' })
    return { ...nothing, problems }
  }
  const known = new Map(queries.map((query) => [query, accepted.get(query.name) ?? []] as const))
  for (const query of accepted.keys()) {
    if (queries.some((one) => one.name === query)) continue
    problems.push({ file: `${name}/${query}${knownEnding}`, line: 1, message: `there is no query ${query}.sql to it` })
  }
  const pack = { name, ...about.document, constructed, queries }
  sources.set(pack, about.source)
  return { packs: [pack], problems, sources, known }
}

const members = ['title', 'description', 'discovery', 'is_default']

function aboutPack(document: unknown): Omit<HuntingPack, 'name' | 'constructed' | 'queries'> {
  if (typeof document !== 'object' || document === null) throw new Error('expected an object')
  const wrong = Object.keys(document).find((key) => !members.includes(key))
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} is unknown; expected ${members.join(', ')}`)
  const { title, description, discovery = [], is_default: isDefault = false } = document as Record<string, unknown>
  if (typeof title !== 'string' || typeof description !== 'string') throw new Error('title and description are texts')
  if (!Array.isArray(discovery) || !discovery.every((one): one is string => typeof one === 'string')) {
    throw new Error('discovery is a list of queries')
  }
  if (typeof isDefault !== 'boolean') throw new Error('is_default is true or false')
  return { title, description, discovery, isDefault }
}

/** Several as one. */
export function mergePacks(loaded: readonly LoadedPacks[]): LoadedPacks {
  return {
    packs: loaded.flatMap(({ packs }) => packs),
    problems: loaded.flatMap(({ problems }) => problems),
    sources: new Map(loaded.flatMap(({ sources }) => [...sources])),
    known: new Map(loaded.flatMap(({ known }) => [...known])),
  }
}

function lineOf(text: string, part: string): number {
  return text.slice(0, Math.max(text.indexOf(part), 0)).split('\n').length
}

function readBounded(path: string): string {
  const { size } = statSync(path)
  if (size > maxBytes) throw new Error(`${path} has ${size} bytes; expected at most ${maxBytes}`)
  return readFileSync(path, 'utf8')
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
