/** osquery's tables as data: whole, well formed, and bound as osquery declares them. */
import { describe, expect, it } from 'vitest'
import { platforms } from '../../../extension/domain/platform.ts'
import { osquerySchema, osqueryTable, osqueryTables } from '../../../extension/packs/osquery-schema.ts'
import { openSql } from '../../../extension/sdk/sql/index.ts'

const { version, tables } = osquerySchema()

describe('the schema of osquery', () => {
  it('names a release, and has every table of it', () => {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(tables.size).toBe(286)
    expect([...tables.values()].reduce((sum, { columns }) => sum + columns.length, 0)).toBe(2624)
  })

  it('has platforms, columns of known words, and no name twice', () => {
    const names = [...tables].flatMap(([name, { aliases }]) => [name, ...aliases])
    expect(new Set(names).size).toBe(names.length)
    for (const [name, table] of tables) {
      expect(table.platforms.length, name).toBeGreaterThan(0)
      expect(table.columns.length, name).toBeGreaterThan(0)
      const columns = table.columns.map((column) => column.name)
      expect(new Set(columns).size, name).toBe(columns.length)
      for (const { platforms: there } of table.columns)
        expect(table.platforms).toEqual(expect.arrayContaining([...there]))
    }
  })

  it('says of file what osquery says: what must be constrained, what is hidden, what is where', () => {
    const file = osqueryTable('file')
    const where = (name: string) => file?.columns.find((column) => column.name === name)
    expect(file?.columns.filter(({ options }) => options.required).map(({ name }) => name)).toEqual([
      'path',
      'directory',
    ])
    expect(where('size')).toEqual({ name: 'size', type: 'BIGINT', options: {}, platforms: [...platforms] })
    expect(where('product_version')?.platforms).toEqual(['windows'])
    expect(where('pid_with_namespace')).toMatchObject({ platforms: ['linux'], options: { hidden: true } })
  })

  it('knows a table by its former name, in any case, and events as such', () => {
    expect(osqueryTable('YARA')).toBe(osqueryTable('yara_file'))
    expect(osqueryTable('threecx_artifacts')).toBeUndefined()
    expect(osqueryTable('es_process_events')).toMatchObject({ isEvented: true, platforms: ['darwin'] })
  })

  it.each(platforms)(
    'can be declared to SQLite whole, on %s',
    async (platform) => {
      const there = osqueryTables(platform)
      expect(there.length).toBeGreaterThan(100)
      const database = await openSql(there)
      try {
        const columns = await database.columns('SELECT * FROM hash')
        expect(columns).toEqual(['path', 'directory', 'md5', 'sha1', 'sha256'])
      } finally {
        await database.close()
      }
    },
    60_000,
  )

  it('leaves out tables that no statement names, and keeps those that are named by a former name', () => {
    const bound = osqueryTables('linux', {}, { statements: ['SELECT 1 FROM "users" JOIN Yara ON 1'] })
    expect(bound.map(({ name }) => name)).toEqual(['users', 'yara_file'])
  })
})
