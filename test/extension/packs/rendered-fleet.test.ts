/**
 * What Fleet's own readers refuse, held here without them: unknown keys, names that are taken or not ASCII, variables,
 * platforms of a label, documents that are split at the wrong place.
 *
 * Read in fleetdm/fleet: pkg/spec/gitops.go, gitops_validate.go and spec.go; server/fleet/queries.go, policies.go,
 * labels.go and packs.go.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { shippedPacks } from '../../../extension/packs/load-packs.ts'
import { type RenderedPack, renderers, withColumns } from '../../../extension/packs/renderers/index.ts'

let packs: readonly RenderedPack[]
beforeAll(async () => {
  packs = await withColumns(shippedPacks().packs)
})

function filesOf(target: string, of: readonly RenderedPack[] = packs): Readonly<Record<string, string>> {
  const renderer = renderers.find((one) => one.target === target)
  return Object.fromEntries((renderer?.render(of) ?? []).map(({ path, text }) => [path, text]))
}

type Item = Readonly<Record<string, unknown>>

function itemsIn(target: string, folder: string): readonly Item[] {
  return Object.entries(filesOf(target))
    .filter(([path]) => path.startsWith(`${folder}/`))
    .flatMap(([, text]) => parse(text))
}

/** Documents as `fleetctl apply` takes a file apart: at every line that begins with three dashes. */
function documentsIn(text: string): readonly { readonly kind: string; readonly spec: Item }[] {
  return text
    .split(/^---[\t ]*/m)
    .filter((chunk) => chunk.trim() !== '')
    .map((chunk) => parse(chunk))
}

/** A file as `fleetctl gitops` reads it: variables first, of which none is set. Throws where one is asked for. */
function expanded(text: string): string {
  return text.replace(/(\\*)\$(\w+|\{)?/g, (whole, before: string, name: string | undefined) => {
    const isEscaped = before.length % 2 === 1
    if (isEscaped) return `${before.slice(0, (before.length - 1) / 2)}$${name ?? ''}`
    if (name !== undefined) throw new Error(`environment variable ${name} not set`)
    return whole
  })
}

const keys = {
  label: ['name', 'description', 'query', 'platform', 'label_membership_type', 'hosts', 'criteria'],
  report: [
    ...['name', 'description', 'query', 'interval', 'observer_can_run', 'platform', 'min_osquery_version'],
    ...['automations_enabled', 'logging', 'discard_data', 'labels_include_any'],
  ],
  policy: [
    ...['name', 'query', 'description', 'critical', 'resolution', 'platform', 'calendar_events_enabled'],
    ...['labels_include_any', 'labels_exclude_any'],
  ],
  pack: ['name', 'description', 'platform', 'disabled', 'targets', 'queries'],
  scheduled: ['query', 'name', 'description', 'interval', 'snapshot', 'removed', 'shard', 'platform', 'version'],
}

function unknownKeys(items: readonly Item[], known: readonly string[]): string[] {
  return items.flatMap((item) => Object.keys(item).filter((key) => !known.includes(key)))
}

const isAscii = (name: unknown) => /^[ -~]+$/.test(String(name))
/** Fleet refuses a policy that could attach a database. */
const attaches = /attach[^\w]+.*[^\w]+as[^\w]+/i

describe.each([
  ['fleet', 'reports'],
  ['fleet-legacy', 'queries'],
])('files for %s', (target, reports) => {
  it('have keys that Fleet knows, and names that it takes', () => {
    expect(itemsIn(target, 'labels').length).toBe(2)
    expect(unknownKeys(itemsIn(target, 'labels'), keys.label)).toEqual([])
    expect(unknownKeys(itemsIn(target, reports), keys.report)).toEqual([])
    expect(unknownKeys(itemsIn(target, 'policies'), keys.policy)).toEqual([])
    for (const kind of ['labels', 'policies', reports]) {
      const names = itemsIn(target, kind).map((item) => item['name'])
      expect(names.filter((name) => !isAscii(name))).toEqual([])
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('have a label of no platform: Fleet compares it whole, so that a list matches no host', () => {
    for (const label of itemsIn(target, 'labels')) {
      expect(label).toMatchObject({ label_membership_type: 'dynamic', query: expect.stringMatching(/^SELECT 1 FROM /) })
      expect(Object.keys(label)).not.toContain('platform')
    }
  })

  it('scope by labels that are declared', () => {
    const declared = itemsIn(target, 'labels').map((label) => label['name'])
    const used = [...itemsIn(target, reports), ...itemsIn(target, 'policies')].flatMap((item) =>
      Object.entries(item).flatMap(([key, value]) => (key.startsWith('labels_') ? (value as string[]) : [])),
    )
    expect([...new Set(used)].sort()).toEqual(declared.sort())
  })

  it('have policies that attach nothing', () => {
    expect(itemsIn(target, 'policies').filter((policy) => attaches.test(String(policy['query'])))).toEqual([])
  })

  it('name paths without wildcards, relative to the file that names them', () => {
    const [use = ''] = Object.entries(filesOf(target)).flatMap(([path, text]) =>
      path.endsWith('example.yml') ? [text] : [],
    )
    const named: { path: string }[] = [...parse(use).policies, ...parse(use)[reports]]
    for (const { path } of named) expect(path).toMatch(/^\.\.\/[\w./-]+\.yml$/)
  })

  it('read the same after Fleet has put its variables in, whatever dollars and backslashes a query has', () => {
    for (const { name, queries } of packs) {
      const read = parse(expanded(filesOf(target)[`${reports}/${name}.yml`] ?? '')) as { query: string }[]
      expect(new Set(read.map(({ query }) => query))).toEqual(new Set(queries.map(({ sql }) => `${sql};`)))
    }
    const [pack] = packs
    if (!pack) throw new Error('there is no pack')
    const sql = String.raw`SELECT '$HOME ${'$'}{HOME} \$x \\$y $.a cost: 5$' AS one, json_extract(env, '$.PATH') AS two`
    const odd = { ...pack, name: 'odd', queries: pack.queries.slice(0, 1).map((query) => ({ ...query, sql })) }
    const [report] = parse(expanded(filesOf(target, [odd])[`${reports}/odd.yml`] ?? ''))
    expect(report.query).toBe(`${sql};`)
  })
})

describe('documents for fleetctl', () => {
  const documents = () => Object.values(filesOf('fleetctl')).flatMap(documentsIn)

  it('are taken apart by Fleet as by a YAML parser', () => {
    for (const text of Object.values(filesOf('fleetctl'))) {
      expect(documentsIn(text)).toEqual(parseAllDocuments(text).map((document) => document.toJS()))
    }
  })

  it('have keys that Fleet knows', () => {
    const specs = (kind: string) => documents().flatMap((one) => (one.kind === kind ? [one.spec] : []))
    expect(unknownKeys(specs('label'), keys.label)).toEqual([])
    expect(unknownKeys(specs('query'), keys.report)).toEqual([])
    expect(unknownKeys(specs('policy'), keys.policy)).toEqual([])
    expect(unknownKeys(specs('pack'), keys.pack)).toEqual([])
    const scheduled = specs('pack').flatMap((pack) => pack['queries'] as Item[])
    expect(unknownKeys(scheduled, keys.scheduled)).toEqual([])
    for (const { interval } of scheduled as { interval: number }[]) {
      expect(interval).toBeGreaterThan(0)
      expect(interval).toBeLessThanOrEqual(604_800)
    }
  })

  it('target labels that Fleet has or that stand in the documents', () => {
    const declared = documents().flatMap(({ kind, spec }) => (kind === 'label' ? [spec['name']] : []))
    const targets = documents().flatMap(({ kind, spec }) =>
      kind === 'pack' ? (spec['targets'] as { labels: string[] }).labels : [],
    )
    expect(targets.length).toBe(packs.length)
    for (const label of targets) expect(['All Hosts', ...declared]).toContain(label)
  })
})
