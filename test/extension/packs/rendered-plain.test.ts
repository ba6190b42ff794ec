/** The plain queries as checks and policies: what they say of a host with a finding, of one without, and of a blind one. */
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Platform } from '../../../extension/domain/platform.ts'
import { shippedPacks } from '../../../extension/packs/load-packs.ts'
import { type OsqueryRows, osqueryTables } from '../../../extension/packs/osquery-schema.ts'
import { type RenderedPack, renderers, withColumns } from '../../../extension/packs/renderers/index.ts'
import { type BoundTable, bind, type Cell, type Columns, defineTable } from '../../../extension/sdk/index.ts'
import { openSql } from '../../../extension/sdk/sql/index.ts'
import { tables } from '../../../extension/tables/index.ts'

let packs: readonly RenderedPack[]
beforeAll(async () => {
  packs = await withColumns(shippedPacks().packs)
})

const render = (target: string, path: string) =>
  renderers
    .find((one) => one.target === target)
    ?.render(packs)
    .find((file) => file.path === path)?.text ?? ''

async function ask(platform: Platform, rows: OsqueryRows, sql: string) {
  const database = await openSql(osqueryTables(platform, rows, { statements: [sql] }))
  try {
    return await database.query(sql)
  } finally {
    await database.close()
  }
}

/** The tables of osquery that the plain queries read, those of Windows first: what differs by platform stands there. */
function everyPlatform(): BoundTable[] {
  const statements = packs.flatMap(({ queries }) => queries.map(({ sql }) => sql))
  const there = new Map<string, BoundTable>()
  for (const platform of ['windows', 'darwin', 'linux'] as const) {
    for (const table of osqueryTables(platform, {}, { statements })) {
      if (!there.has(table.name)) there.set(table.name, table)
    }
  }
  return [...there.values()]
}

const agent = '/Users/carol/Library/Application Support/3CX Desktop App/UpdateAgent'

describe.each([
  ['c2_contact_plain', 'windows', { dns_cache: [{ name: 'sbmsa.wiki', type: 'A', flags: 0 }] }],
  ['update_agent_plain', 'darwin', { processes: [{ pid: 3, path: agent, cmdline: agent, uid: 501 }] }],
] as const)('%s', (name, platform, rows) => {
  it('as a check gives FAIL with the row, or one row of PASS with the same columns', async () => {
    const check = render('kolide', `sophos-2023-03-plain/${name}.sql`)
    const [found, clean] = [await ask(platform, rows, check), await ask(platform, {}, check)]
    expect(found.rows.map((row) => row['KOLIDE_CHECK_STATUS'])).toEqual(['FAIL'])
    expect(clean.rows.map((row) => row['KOLIDE_CHECK_STATUS'])).toEqual(['PASS'])
    expect(found.columns).toEqual(clean.columns)
  })

  it('as a policy fails where the row is and passes elsewhere', async () => {
    const title = packs.flatMap(({ queries }) => queries).find((one) => one.name === name)?.title
    const policies: { name: string; query: string }[] = parse(render('fleet', 'policies/sophos-2023-03-plain.yml'))
    const { query = '' } = policies.find((policy) => policy.name === `3CX - ${title}`) ?? {}
    expect((await ask(platform, rows, query)).rows).toHaveLength(0)
    expect((await ask(platform, {}, query)).rows).toHaveLength(1)
  })
})

/** Our tables with rows as a test wants them, and empty where it says nothing. */
function ours(rows: Readonly<Record<string, readonly Record<string, Cell>[]>>): BoundTable[] {
  return tables.map((table) => {
    const { name, description, platforms, columns, identity, examples } = table
    const definition = defineTable({
      name,
      description,
      platforms: [...platforms],
      columns: columns as Columns,
      identity: [...identity],
      examples: [...examples] as [string],
      async *generate() {
        yield* (rows[name] ?? []) as readonly Record<string, never>[] // cells of declared columns
      },
    })
    return bind(definition, undefined)
  })
}

async function askOurs(rows: Parameters<typeof ours>[0], sql: string) {
  const database = await openSql(ours(rows))
  try {
    return (await database.query(sql)).rows
  } finally {
    await database.close()
  }
}

describe('a check on our tables', () => {
  const status = 'KOLIDE_CHECK_STATUS'

  it.each([
    ['UNKNOWN', 'nothing answers yet', []],
    ['UNKNOWN', 'not everything was examined', [{ scan_complete: 0 }]],
    ['PASS', 'everything was examined', [{ scan_complete: 1 }]],
  ] as const)('says %s without findings where %s', async (word, _when, verdict) => {
    const rows = await askOurs({ threecx_verdict: verdict }, render('kolide', 'threecx-hunt/payloads.sql'))
    expect(rows.map((row) => row[status])).toEqual([word])
  })

  it('gives a row of PASS on a clean host, and as many of FAIL as there are findings, each of them', async () => {
    const checks = renderers.find(({ target }) => target === 'kolide')?.render(packs) ?? []
    const clean = await openSql([...ours({ threecx_verdict: [{ scan_complete: 1 }] }), ...everyPlatform()])
    try {
      for (const { path, text: check } of checks) {
        const { rows } = await clean.query(check)
        expect([path, rows.map((row) => row[status])]).toEqual([path, ['PASS']])
      }
    } finally {
      await clean.close()
    }
    const found = await askOurs(
      { threecx_payloads: [{ path: '/a' }, { path: '/b' }] },
      render('kolide', 'threecx-hunt/payloads.sql'),
    )
    expect(found.map((row) => [row[status], row['path']])).toEqual([
      ['FAIL', '/a'],
      ['FAIL', '/b'],
    ])
  }, 60_000)

  it('of sweeps does not count one that runs while the last one vouches for the host', async () => {
    const sweep = render('kolide', 'threecx-health/sweep.sql')
    const pass = { scan: 'full', source: 'file', root: '/' }
    const done = { ...pass, started: 1, finished: 2, state: 'finished', complete: 1 }
    const running = { ...pass, started: 3, state: 'running', complete: 0 }
    const states = async (threecx_scans: readonly Record<string, Cell>[]) =>
      (await askOurs({ threecx_scans, threecx_verdict: [{ scan_complete: 1 }] }, sweep)).map((row) => row['state'])
    expect(await states([done, running])).toEqual([null])
    expect(await states([running])).toEqual(['running'])
    expect(await states([{ ...done, complete: 0 }, running])).toEqual(['finished', 'running'])
    expect(await states([{ ...done, root: '/mnt' }, running])).toEqual(['running'])
  })

  it('of a host where they are missing is what the policy of presence fails on', async () => {
    const [presence]: { query: string }[] = parse(render('fleet', 'policies/threecx-extension.yml'))
    const registry = (name: string) => ({ osquery_registry: [{ registry: 'table', name }] })
    expect((await ask('linux', registry('users'), presence?.query ?? '')).rows).toHaveLength(0)
    expect((await ask('linux', registry('threecx_artifacts'), presence?.query ?? '')).rows).toHaveLength(1)
  })
})
