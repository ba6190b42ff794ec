/**
 * `node test/bench/structure/collect.ts [DIR]`: collects the corpus of clean files, outside of the repository.
 *
 * DIR, else THREECX_CORPUS, else a directory of the system's temporary one. Some 15 GB and a quarter of an hour the first
 * time; later runs fetch what was missing. What was used and what is in it goes to DIR/corpus.json.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fetchDebs, fetchNpm, fetchWheels, type Missing, unpackAll } from './archives.ts'
import { type Census, censusTable, counted, takeCensus } from './census.ts'
import { debs, npmPackages, wheels } from './packages.ts'

/** What a collected corpus says of itself. */
export interface Corpus {
  readonly packages: readonly string[]
  readonly missing: readonly Missing[]
  readonly census: Census
}

/** Where the corpus is unless said otherwise. */
export const corpusDirectory = resolve(process.env['THREECX_CORPUS'] ?? join(tmpdir(), 'threecx-corpus'))

/** The files of a corpus: what is hunted through. */
export const filesOf = (directory: string): string => join(directory, 'files')

/** Fetches, unpacks and counts. */
export function collect(directory: string): Corpus {
  const places = { downloads: join(directory, 'downloads'), files: filesOf(directory) }
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true })
  const missing = [
    ...fetchWheels(places, wheels),
    ...fetchNpm(places, npmPackages),
    ...fetchDebs(places, debs),
    ...unpackAll(places),
  ]
  const packages = ['wheel', 'npm', 'deb'].flatMap((client) => {
    const folder = join(places.downloads, client)
    return existsSync(folder) ? readdirSync(folder).sort() : []
  })
  const corpus = { packages, missing, census: takeCensus(places.files) }
  writeFileSync(join(directory, 'corpus.json'), `${JSON.stringify(corpus, undefined, 2)}\n`)
  return corpus
}

/** The corpus as it was collected; undefined when there is none. */
export function readCorpus(directory: string): Corpus | undefined {
  const path = join(directory, 'corpus.json')
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Corpus) : undefined // written above
}

if (import.meta.main) {
  const directory = resolve(process.argv[2] ?? corpusDirectory)
  const { packages, missing, census } = collect(directory)
  for (const { name, reason } of missing) console.error(`left out: ${name}: ${reason}`)
  console.log(
    `${directory}: ${packages.length} packages, ${counted(census)} files of the counted kinds\n\n${censusTable(census)}`,
  )
}
