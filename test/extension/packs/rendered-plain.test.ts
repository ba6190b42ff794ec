/** The plain queries as checks and policies: what they say of a host with a finding, of one without, and of a blind one. */
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Platform } from '../../../extension/domain/platform.ts'
import { shippedPacks } from '../../../extension/packs/load-packs.ts'
import { type OsqueryRows, osqueryTables } from '../../../extension/packs/osquery-schema.ts'
import { type RenderedPack, renderers, withColumns } from '../../../extension/packs/renderers/index.ts'
import { bind, defineTable, integer, text } from '../../../extension/sdk/index.ts'
import { openSql } from '../../../extension/sdk/sql/index.ts'

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
  const database = await openSql(osqueryTables(platform, rows, [sql]))
  try {
    return await database.query(sql)
  } finally {
    await database.close()
  }
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

describe('a check on our tables', () => {
  const scans = (states: readonly number[]) =>
    bind(
      defineTable({
        name: 'threecx_scans',
        description: 'Sweeps as a test wants them.',
        platforms: ['linux'],
        columns: { complete: integer('Whether all was examined') },
        identity: ['complete'],
        examples: ['SELECT * FROM threecx_scans'],
        async *generate() {
          for (const complete of states) yield { complete }
        },
      }),
      undefined,
    )
  const payloads = bind(
    defineTable({
      name: 'threecx_payloads',
      description: 'No payload.',
      platforms: ['linux'],
      columns: Object.fromEntries(
        'path kind offset length sha256 authenticated urls next_run member component stage verdict'
          .split(' ')
          .map((name) => [name, text(name)]),
      ),
      identity: ['path'],
      examples: ['SELECT * FROM threecx_payloads'],
      async *generate() {},
    }),
    undefined,
  )

  it.each([
    ['UNKNOWN', 'no sweep has ended', []],
    ['UNKNOWN', 'a sweep is incomplete', [1, 0]],
    ['PASS', 'the sweep is complete', [1]],
  ] as const)('says %s without findings where %s', async (status, _when, states) => {
    const database = await openSql([scans(states), payloads])
    try {
      const { rows } = await database.query(render('kolide', 'threecx-hunt/payloads.sql'))
      expect(rows.map((row) => row['KOLIDE_CHECK_STATUS'])).toEqual([status])
    } finally {
      await database.close()
    }
  })

  it('of a host where they are missing is what the policy of presence fails on', async () => {
    const [presence]: { query: string }[] = parse(render('fleet', 'policies/threecx-extension.yml'))
    const registry = (name: string) => ({ osquery_registry: [{ registry: 'table', name }] })
    expect((await ask('linux', registry('users'), presence?.query ?? '')).rows).toHaveLength(0)
    expect((await ask('linux', registry('threecx_artifacts'), presence?.query ?? '')).rows).toHaveLength(1)
  })
})
