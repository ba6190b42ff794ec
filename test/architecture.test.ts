/**
 * Who may import whom: the import table of ARCHITECTURE.md, held to every file, type-only imports included.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = normalize(join(import.meta.dirname, '..'))

/** Folder -> prefixes of our own files it may import, besides itself. The longest matching folder rules. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'extension/domain': [],
  'extension/sdk': [],
  'extension/runtime': ['extension/domain'],
  'extension/native': ['extension/domain'],
  'extension/decoders': ['extension/domain'],
  'extension/sources': [
    'extension/domain',
    'extension/native/events.ts',
    'extension/native/lines.ts',
    'extension/sdk/sql/sqlite.ts',
    'extension/decoders/plist-dictionaries.ts',
  ],
  'extension/gathering': [
    'extension/domain',
    'extension/native',
    'extension/runtime',
    'extension/sources',
    'extension/sweep',
  ],
  'extension/configuration': ['extension/domain', 'extension/sources'],
  'extension/contacts': [
    'extension/domain',
    'extension/gathering',
    'extension/native',
    'extension/sources',
    'extension/sweep',
  ],
  'extension/tables': ['extension/domain', 'extension/sdk'],
  'extension/indicators': ['extension/domain', 'extension/runtime', 'extension/native', 'package.json'],
  'extension/examining': [
    'extension/domain',
    'extension/decoders',
    'extension/native',
    'extension/rules/rule-search.ts',
    'package.json',
  ],
  'extension/rules': ['extension/domain', 'extension/runtime'],
  'extension/packs': [
    'extension/domain',
    'extension/runtime',
    'extension/sdk',
    'extension/tables',
    'extension/rules/rule-text.ts',
  ],
  'extension/osquery-tables': [
    'extension/domain',
    'extension/sdk',
    'extension/native',
    'extension/sweep',
    'extension/decoders',
    'extension/gathering/file-reader.ts',
    'extension/packs/osquery-schema.ts',
    'extension/processes/bounds.ts',
    'extension/processes/proc-entry.ts',
    'extension/rules',
    'extension/sources/source.ts',
    'extension/sources/sqlite',
  ],
  'extension/sweep': ['extension/domain', 'extension/native', 'extension/runtime'],
  'extension/installs': [
    'extension/domain',
    'extension/decoders',
    'extension/native',
    'extension/sweep',
    'extension/runtime',
  ],
  'extension/executions': [
    'extension/domain',
    'extension/decoders',
    'extension/gathering',
    'extension/native',
    'extension/sweep',
    'extension/sources',
  ],
  'extension/processes': ['extension/domain', 'extension/decoders'],
  'extension/deployment': ['extension/domain', 'extension/runtime'],
  extension: ['extension', 'package.json'],
  'daemon/store': ['extension/domain'],
  'daemon/spool': ['extension/domain', 'daemon/store'],
  'daemon/sinks': ['extension/domain'],
  'daemon/delivery': ['extension/domain', 'extension/runtime', 'daemon/sinks/sink.ts', 'daemon/spool/spool.ts'],
  'daemon/engine': ['extension/domain', 'extension/sdk', 'extension/runtime'],
  'daemon/schedule': ['extension/domain', 'extension/runtime', 'daemon/engine', 'daemon/store'],
  'daemon/results': ['extension/domain', 'daemon/engine', 'daemon/store'],
  'daemon/configuration': ['extension/domain', 'extension/configuration', 'extension/runtime', 'daemon/sinks'],
  'daemon/operations': [
    'extension/domain',
    'extension/runtime',
    'daemon/delivery/delivery.ts',
    'daemon/spool/spool.ts',
  ],
  'daemon/service': [],
  daemon: [
    'daemon',
    'extension/deployment/layout.ts',
    'extension/domain',
    'extension/idle-release.ts',
    'extension/native/index.ts',
    'extension/packs',
    'extension/sdk',
    'extension/runtime',
    'package.json',
  ],
  'daemon/embedded-process.ts': [
    'daemon',
    'extension/domain',
    'extension/sdk',
    'extension/runtime',
    'extension/catalogue.ts',
    'extension/indicators',
    'package.json',
  ],
  cli: ['extension', 'daemon', 'package.json'],
}

/** Packages from outside that a folder may use; everybody may use node: modules except the vocabulary. */
const packagesOf: Readonly<Record<string, readonly string[]>> = {
  'extension/sdk': ['@sqlite.org/sqlite-wasm', 'thrift'],
  'extension/runtime': ['pino'],
  'extension/indicators': ['zod'],
  'extension/configuration': ['yaml', 'zod'],
  'extension/packs': ['yaml'],
  'extension/rules': ['@virustotal/yara-x'],
  'daemon/configuration': ['zod'],
  'daemon/sinks': [
    '@nats-io/jetstream',
    '@nats-io/transport-node',
    '@platformatic/kafka',
    '@redis/client',
    'undici',
    'zod',
  ],
  'daemon/schedule': ['node-cron', 'zod'],
}

interface Import {
  readonly file: string
  readonly target: string
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|target|generated|examples)\//.test(file))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(
    /^\s*(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]|^import\s+['"]([^'"]+)['"]/gm,
  )
  return [...found].map((one) => ({ file, target: one[1] ?? one[2] ?? one[3] ?? '' }))
}

function rulingFolder(file: string, rules: Readonly<Record<string, unknown>>): string | undefined {
  const fits = Object.keys(rules).filter((folder) => file === folder || file.startsWith(`${folder}/`))
  return fits.sort((a, b) => b.length - a.length)[0]
}

function problem({ file, target }: Import): string | undefined {
  const folder = rulingFolder(file, mayImport)
  if (folder === undefined) return `${file} lies in no folder of the table`
  if (target.startsWith('node:')) return folder === 'extension/domain' ? `${file} imports ${target}` : undefined
  if (!target.startsWith('.')) {
    const allowed = packagesOf[rulingFolder(file, packagesOf) ?? ''] ?? []
    return allowed.some((name) => target === name || target.startsWith(`${name}/`))
      ? undefined
      : `${file} imports package ${target}`
  }
  const path = normalize(join(dirname(file), target))
  const home = folder.endsWith('.ts') ? dirname(folder) : folder
  const allowed = [home, ...(mayImport[folder] ?? [])]
  return allowed.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))
    ? undefined
    : `${file} imports ${path}`
}

const files = ['extension', 'daemon', 'cli'].flatMap(sources)

describe('the import table', () => {
  it('covers a tree that is there', () => {
    expect(files.length).toBeGreaterThan(40)
  })

  it('is obeyed by every file', () => {
    expect(files.flatMap(importsOf).flatMap((one) => problem(one) ?? [])).toEqual([])
  })

  it('refuses what it should refuse', () => {
    expect(problem({ file: 'extension/domain/level.ts', target: 'node:fs' })).toBeDefined()
    expect(problem({ file: 'extension/tables/threecx-scans.ts', target: '../sweep/sweep.ts' })).toBeDefined()
    expect(problem({ file: 'daemon/sinks/stdout.ts', target: '../spool/spool.ts' })).toBeDefined()
    expect(problem({ file: 'extension/sdk/table.ts', target: '../domain/level.ts' })).toBeDefined()
    expect(problem({ file: 'extension/decoders/pe.ts', target: 'lodash' })).toBeDefined()
    expect(problem({ file: 'extension/tables/threecx-scans.ts', target: '../domain/scan.ts' })).toBeUndefined()
  })

  it('finds no cycle between the folders of extension', () => {
    const edges = new Map<string, Set<string>>()
    for (const { file, target } of files.flatMap(importsOf)) {
      const from = rulingFolder(file, mayImport) ?? ''
      const to = target.startsWith('.') ? rulingFolder(normalize(join(dirname(file), target)), mayImport) : undefined
      if (to !== undefined && to !== from) edges.set(from, (edges.get(from) ?? new Set()).add(to))
    }
    const reaches = (from: string, seen = new Set<string>()): Set<string> => {
      for (const to of edges.get(from) ?? []) if (!seen.has(to)) reaches(to, seen.add(to))
      return seen
    }
    expect([...edges.keys()].filter((folder) => reaches(folder).has(folder))).toEqual([])
  })
})
