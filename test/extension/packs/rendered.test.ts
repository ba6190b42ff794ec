/** Renderings of the packs: fresh on disk, and what each consumer requires. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { shippedPacks } from '../../../extension/packs/load-packs.ts'
import { type RenderedPack, renderers, withColumns } from '../../../extension/packs/renderers/index.ts'
import { tablesIn } from '../../../extension/packs/statement-tables.ts'
import { tables } from '../../../extension/tables/index.ts'

const root = join(import.meta.dirname, '../../../packs/rendered')
const { packs: shipped } = shippedPacks()

let packs: readonly RenderedPack[]
beforeAll(async () => {
  packs = await withColumns(shipped)
})

function filesOf(target: string): Readonly<Record<string, string>> {
  const renderer = renderers.find((one) => one.target === target)
  return Object.fromEntries((renderer?.render(packs) ?? []).map(({ path, text }) => [path, text]))
}

/** Lists of items by folder: reports, policies, labels. */
function items(target: string, folder: string): Readonly<Record<string, unknown>>[] {
  return Object.entries(filesOf(target))
    .filter(([path]) => path.startsWith(`${folder}/`))
    .flatMap(([, text]) => parse(text))
}

const platformList = /^(windows|darwin|linux)(,(windows|darwin|linux))*$/

describe('rendered packs', () => {
  it.each(renderers.map(({ target }) => target))(
    '%s on disk is what the packs say (threecx packs build --target T --out packs/rendered/T)',
    (target) => {
      const directory = join(root, target)
      const onDisk = readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
      const files = filesOf(target)
      expect(onDisk.sort()).toEqual(Object.keys(files).sort())
      for (const [path, text] of Object.entries(files)) expect(readFileSync(join(directory, path), 'utf8')).toBe(text)
    },
  )

  it('are the same bytes the second time, and do not depend on the pack beside', () => {
    const [first] = packs
    if (!first) throw new Error('there is no pack')
    for (const { target, render } of renderers.filter((one) => !one.target.startsWith('fleet'))) {
      const alone = render([first]).map(({ path, text }) => [path, text])
      expect(Object.entries(filesOf(target))).toEqual(expect.arrayContaining(alone))
    }
  })

  it('for osqueryd have what it reads, within its limits, and no discovery on our tables for plain queries', () => {
    const inPacks = Object.entries(filesOf('osquery')).filter(([path]) => !path.includes('/'))
    for (const [path, text] of inPacks) {
      const { discovery, queries } = JSON.parse(text)
      expect(Buffer.byteLength(text)).toBeLessThan(4 * 1024 * 1024)
      expect(JSON.stringify(discovery).includes("'threecx_")).toBe(!path.includes('plain'))
      for (const [name, query] of Object.entries<Record<string, unknown>>(queries)) {
        expect(name).not.toMatch(/^(query|cache|config_views)\.|epoch$|counter$/)
        expect(query['query']).toMatch(/;$/)
        expect(query['interval']).toBeGreaterThan(0)
        expect(query['interval']).toBeLessThanOrEqual(604_800)
        expect(query['platform']).toMatch(platformList)
      }
    }
  })

  it.each([
    ['fleet', 'reports'],
    ['fleet-legacy', 'queries'],
  ])('for %s are %s with names of their own, a state for the page and the changes for the log', (target, folder) => {
    const reports = items(target, folder)
    const names = reports.map((report) => report['name'])
    expect(new Set(names).size).toBe(names.length)
    for (const report of reports) {
      expect(report).toMatchObject({ query: expect.any(String), interval: expect.any(Number) })
      expect(report['platform']).toMatch(platformList)
      expect(['snapshot', 'differential', 'differential_ignore_removals']).toContain(report['logging'])
      expect(report['discard_data']).toBe(report['logging'] !== 'snapshot')
      const read = tablesIn(String(report['query']))
      const label = read.some((name) => name.startsWith('threecx_'))
        ? ['3CX extension installed']
        : read.some((name) => name.startsWith('atc_threecx_'))
          ? ['3CX history tables configured']
          : undefined
      expect(report['labels_include_any']).toEqual(label)
    }
    expect(reports.filter((report) => report['automations_enabled'])).toHaveLength(
      packs.flatMap(({ queries }) => queries).length,
    )
  })

  it('for Fleet have policies of other names than each other, inverted, and one for a missing extension', () => {
    const policies = items('fleet', 'policies')
    const names = policies.map((policy) => policy['name'])
    expect(new Set(names).size).toBe(names.length)
    const [presence, ...others] = policies
    expect(presence?.['labels_include_any']).toBeUndefined()
    expect(presence?.['query']).toContain('osquery_registry')
    for (const policy of others) {
      expect(policy['query']).toMatch(/^SELECT 1 WHERE NOT EXISTS \(\n.*\n\);$/s)
      expect(policy).toMatchObject({ description: expect.any(String), resolution: expect.any(String) })
      expect(policy['platform']).toMatch(platformList)
    }
  })

  it.each([
    ['fleet', 'fleets/example.yml', 'reports', 'settings'],
    ['fleet-legacy', 'teams/example.yml', 'queries', 'team_settings'],
  ])('for %s name in %s only files that are there, with every key that must be', (target, path, reports, settings) => {
    const files = filesOf(target)
    const use = parse(files[path] ?? '')
    expect(Object.keys(use)).toEqual(
      expect.arrayContaining(['name', 'policies', reports, 'agent_options', 'controls', settings, 'software']),
    )
    const named = [...use.policies, ...use[reports]].map((one: { path: string }) => one.path)
    expect(named.map((one) => one.replace('../', '')).sort()).toEqual(
      Object.keys(files)
        .filter((one) => one !== path && !/^(?:labels|agent-options)\//.test(one))
        .sort(),
    )
  })

  it('for fleetctl are documents of known kinds, where a pack schedules queries that stand before it', () => {
    for (const text of Object.values(filesOf('fleetctl'))) {
      const saved = new Set<string>()
      for (const document of parseAllDocuments(text)) {
        const { apiVersion, kind, spec } = document.toJS()
        expect(apiVersion).toBe('v1')
        expect(['label', 'policy', 'query', 'pack']).toContain(kind)
        if (kind === 'query') saved.add(spec.name)
        if (kind !== 'pack') continue
        expect(spec.queries.map((one: { query: string }) => one.query)).toEqual([...saved])
        for (const one of spec.queries)
          expect(one).toMatchObject({ name: expect.any(String), interval: expect.any(Number) })
      }
    }
  })

  it('have tables over databases where a configuration can take them, and nowhere in a pack', () => {
    const constructed = packs.flatMap((pack) => pack.constructed)
    expect(constructed.length).toBeGreaterThan(8)
    const names = constructed.map(({ name }) => name).sort()
    const configured = Object.entries(filesOf('osquery')).flatMap(([path, text]) =>
      path.startsWith('osquery.conf.d/') ? [JSON.parse(text)] : [],
    )
    const options = ['fleet', 'fleet-legacy'].map(
      (target) => parse(filesOf(target)['agent-options/threecx.yml'] ?? '').config,
    )
    for (const { auto_table_construction: made } of [...configured, ...options]) {
      expect(Object.keys(made).sort()).toEqual(names)
      for (const one of constructed) {
        const { query, path, columns, platform } = one
        expect(made[one.name]).toEqual({ query, path, columns, platform })
      }
    }
    expect(Object.values(filesOf('kolide')).filter((text) => text.includes('atc_threecx_'))).toEqual([])
  })

  it('for Fleet have no dollar sign that it would take for a variable of the environment', () => {
    const inRules = packs.flatMap(({ queries }) => queries).filter(({ sql }) => /\$\w/.test(sql))
    expect(inRules.map(({ name }) => name)).toEqual(['malicious_files_yara_plain'])
    for (const target of ['fleet', 'fleet-legacy']) {
      for (const [path, text] of Object.entries(filesOf(target))) {
        expect([path, /(?<!\\)(?:\\\\)*\$/.test(text)]).toEqual([path, false])
      }
      const reports = items(target, target === 'fleet' ? 'reports' : 'queries')
      const expanded = reports.map((report) => String(report['query']).replaceAll('\\$', '$'))
      expect(expanded).toContain(`${inRules[0]?.sql};`)
    }
  })

  it('for Elastic map columns of the query alone, to fields that ECS has', () => {
    for (const text of Object.values(filesOf('elastic'))) {
      const { name, queries } = JSON.parse(text)
      for (const [id, query] of Object.entries<Record<string, unknown>>(queries)) {
        const columns = packs.find((pack) => pack.name === name)?.queries.find((one) => one.name === id)?.columns ?? []
        for (const [field, source] of Object.entries(query['ecs_mapping'] as Record<string, { field?: string }>)) {
          expect(ecsFields).toContain(field)
          if (source.field !== undefined) expect(columns).toContain(source.field)
        }
        expect(query['platform']).toMatch(platformList)
      }
    }
  })

  it('for Elastic mean the same when Kibana has folded their lines', async () => {
    const folded = packs.map((pack) => {
      const text = filesOf('elastic')[`${pack.name}.json`] ?? ''
      const { queries } = JSON.parse(text) as { queries: Record<string, { query: string }> }
      return {
        ...pack,
        queries: pack.queries.map((query) => {
          const sql = queries[query.name]?.query ?? ''
          expect(sql).toBe(sql.replaceAll('\n', ' ').replaceAll(/ +/g, ' '))
          expect(sql).not.toMatch(/--|\/\*/)
          return { ...query, sql }
        }),
      }
    })
    expect(await withColumns(folded)).toEqual(folded)
  })

  it('for Elastic refuse a text whose blanks Kibana would fold', () => {
    const [pack] = packs
    const queries = pack?.queries.slice(0, 1).map((query) => ({ ...query, sql: "SELECT 'two  blanks' AS one" })) ?? []
    const elastic = renderers.find(({ target }) => target === 'elastic')
    expect(() => elastic?.render(pack ? [{ ...pack, queries }] : [])).toThrow("fold the blanks of 'two  blanks'")
  })

  it('describe every table of ours for Fleet and for osquery-go', () => {
    const names = tables.map(({ name }) => name).sort()
    const fleet = Object.values(filesOf('fleet-schema')).map((text) => parse(text))
    const go = Object.values(filesOf('osquery-schema')).map((text) => JSON.parse(text))
    for (const described of [fleet, go]) {
      expect(described.map(({ name }) => name).sort()).toEqual(names)
      for (const { columns, platforms, description } of described) {
        for (const { type } of columns) expect(type).toMatch(/^[a-z_]+$/)
        expect(columns.length).toBeGreaterThan(0)
        expect(platforms.length).toBeGreaterThan(0)
        expect(description).not.toBe('')
      }
    }
  })
})

/** Fields of ECS 8 and 9 that a mapping may name, by its field reference. */
const ecsFields = [
  'dns.question.name',
  'dns.question.type',
  'event.kind',
  'file.directory',
  'file.hash.md5',
  'file.hash.sha1',
  'file.hash.sha256',
  'file.mode',
  'file.name',
  'file.owner',
  'file.path',
  'file.size',
  'file.uid',
  'log.file.path',
  'package.name',
  'package.path',
  'package.version',
  'process.command_line',
  'process.executable',
  'process.hash.sha256',
  'process.name',
  'process.parent.pid',
  'process.pid',
  'rule.name',
  'rule.reference',
  'threat.framework',
  'threat.indicator.name',
  'threat.technique.id',
  'url.domain',
  'url.full',
  'user.id',
  'user.name',
]
