/**
 * Declarations: what does not compile, what throws at once, and how a table describes itself to osquery.
 */
import { describe, expect, it } from 'vitest'
import {
  bigint,
  bind,
  blob,
  defineTable,
  double,
  integer,
  routes,
  text,
  unsignedBigint,
} from '../../../extension/sdk/index.ts'

const good = {
  name: 'files',
  description: 'Files.',
  platforms: ['linux'] as const,
  columns: { path: text('Path'), size: bigint('Bytes') },
  identity: ['path'] as const,
  examples: ['SELECT 1'] as const,
  async *generate() {
    yield { path: '/a', size: 1 }
  },
}

/** As JavaScript would, without types. */
const declare = (change: object) => () => defineTable({ ...good, ...change } as never)

describe('defineTable', () => {
  it('gives a frozen table', () => {
    expect(Object.isFrozen(defineTable(good))).toBe(true)
  })

  it.each([
    ['a name that is not snake_case', { name: 'Files' }, 'table "Files": name "Files" is not snake_case'],
    ['a name of SQLite', { name: 'sqlite_files' }, 'table "sqlite_files": name "sqlite_files" is reserved'],
    ['an alias with a quote', { aliases: ['a"b'] }, 'name "a\\"b" is not snake_case'],
    ['an alias that is the name', { aliases: ['files'] }, 'alias "files" is given twice'],
    ['no column', { columns: {}, identity: [] }, 'there is no column'],
    [
      'a column twice',
      { columns: { path: text('P', { aliases: ['size'] }), size: text('S') } },
      'column "size" is declared twice',
    ],
    ['a column called rowid', { columns: { rowid: text('R') } }, 'rowid is set from the identity'],
    ['an empty description', { description: ' ' }, 'the description is empty'],
    ['a column without description', { columns: { path: text('') } }, 'column "path" has no description'],
    ['an identity that is no column', { identity: ['hash'] }, 'identity names "hash", which is no column'],
    ['an empty identity', { identity: [] }, 'the identity is empty'],
    ['no example', { examples: [] }, 'there is no example'],
    ['an empty example', { examples: [''] }, 'an example is empty'],
    ['no platform', { platforms: [] }, 'there is no platform'],
    [
      'a column that is hidden and collated',
      { columns: { path: text('P', { hidden: true, collate: 'nocase' }) } },
      'column "path" is hidden and collated',
    ],
    [
      'a column that is only optimized',
      { columns: { path: text('P', { optimized: true }) } },
      'column "path" is optimized but neither',
    ],
  ])('refuses %s', (_, change, message) => {
    expect(declare(change)).toThrow(message)
  })

  it('does not compile what cannot work', () => {
    const { generate: _, ...rest } = good
    defineTable({
      ...rest,
      // @ts-expect-error: a column that is misspelt
      async *generate() {
        yield { path: '/a', sise: 1 }
      },
    })
    defineTable({
      ...rest,
      // @ts-expect-error: a text in a number's place
      async *generate() {
        yield { path: '/a', size: '1' }
      },
    })
    defineTable({
      ...rest,
      async *generate(context) {
        // @ts-expect-error: a constraint on no column
        context.equals('hash')
        // @ts-expect-error: a column that is not there
        context.uses('sise')
        yield { path: '/a' }
      },
    })
    // @ts-expect-error: no description
    declareOnly({
      name: good.name,
      platforms: good.platforms,
      columns: good.columns,
      identity: good.identity,
      examples: good.examples,
      generate: good.generate,
    })
    // @ts-expect-error: no examples
    declareOnly({
      name: good.name,
      description: 'F',
      platforms: good.platforms,
      columns: good.columns,
      identity: good.identity,
      generate: good.generate,
    })
    // @ts-expect-error: an empty list of examples
    declareOnly({ ...good, examples: [] })
    // @ts-expect-error: a column without description
    text()
    // @ts-expect-error: an identity that is no column
    declareOnly({ ...good, identity: ['hash'] })
    // @ts-expect-error: a platform osquery does not know
    declareOnly({ ...good, platforms: ['macos'] })
    expect.assertions(0)
  })
})

/** Checks types and runs nothing. */
function declareOnly(
  table: Parameters<typeof defineTable<typeof good.columns, unknown, { path: string; size: number }>>[0],
): void {
  void table
}

describe('a writable table', () => {
  const kept = { ...good, columns: { path: text('Path'), size: bigint('Size'), mode: integer('Mode') } }
  const declare = (table: Parameters<typeof defineTable<typeof kept.columns, { log: string[] }, object>>[0]) =>
    defineTable(table)

  it('gets rows that are typed by the columns, and whole', () => {
    const table = declare({
      ...kept,
      async *generate() {},
      insert(row, { log }) {
        const path: string = row.path // TEXT is never NULL
        const size: number | bigint | null = row.size
        log.push(path, String(size))
        // @ts-expect-error: no such column
        log.push(row.name)
        // @ts-expect-error: an INTEGER can be NULL
        const mode: number = row.mode
        log.push(String(mode))
      },
      update(row, previous, { log }) {
        log.push(row.path, previous.path)
        // @ts-expect-error: rows are not written into
        previous.path = 'x'
      },
    })
    expect(table.delete).toBeUndefined()
  })

  it('has no required column, since rows are looked for without constraints', () => {
    const columns = { ...kept.columns, path: text('Path', { required: true }) }
    expect(() => declare({ ...kept, columns, async *generate() {}, delete() {} })).toThrow('column "path" is required')
  })

  it('has no column aliases when it can be updated, since osquery refuses them then', () => {
    const columns = { ...kept.columns, path: text('Path', { aliases: ['file'] }) }
    expect(() => declare({ ...kept, columns, async *generate() {}, update() {} })).toThrow('column "path" has aliases')
    expect(declare({ ...kept, columns, async *generate() {}, insert() {}, delete() {} }).name).toBe(kept.name)
  })
})

describe('routes', () => {
  const table = defineTable({
    name: 'everything',
    description: 'Every option there is.',
    platforms: ['windows', 'darwin', 'linux'],
    columns: {
      plain: text('No option'),
      idx: integer('Index', { index: true }),
      req: bigint('Required', { required: true }),
      add: unsignedBigint('Additional', { additional: true, aliases: ['extra', 'more'] }),
      opt: double('Index, optimized', { index: true, optimized: true }),
      hid: blob('Hidden', { hidden: true }),
      bin: text('Binary', { collate: 'binary' }),
      nocase: text('Nocase', { collate: 'nocase' }),
      rtrim: text('Rtrim', { collate: 'rtrim' }),
      version: text('Version', { collate: 'version', index: true }),
      arch: text('Arch', { collate: 'version_arch' }),
      dpkg: text('Dpkg', { collate: 'version_dpkg' }),
      rhel: text('Rhel', { collate: 'version_rhel' }),
    },
    identity: ['plain'],
    examples: ['SELECT * FROM everything WHERE req = 1'],
    aliases: ['all_things'],
    attributes: ['cacheable', 'user_based'],
    async *generate() {},
  })

  it('are the list osquery registers, all values text, every entry with an id', () => {
    expect(routes(table)).toEqual([
      { id: 'column', name: 'plain', type: 'TEXT', op: '0' },
      { id: 'column', name: 'idx', type: 'INTEGER', op: '1' },
      { id: 'column', name: 'req', type: 'BIGINT', op: '2' },
      { id: 'column', name: 'add', type: 'UNSIGNED BIGINT', op: '4' },
      { id: 'column', name: 'opt', type: 'DOUBLE', op: '9' },
      { id: 'column', name: 'hid', type: 'BLOB', op: '16' },
      { id: 'column', name: 'bin', type: 'TEXT', op: '32' },
      { id: 'column', name: 'nocase', type: 'TEXT', op: '64' },
      { id: 'column', name: 'rtrim', type: 'TEXT', op: '128' },
      { id: 'column', name: 'version', type: 'TEXT', op: '257' },
      { id: 'column', name: 'arch', type: 'TEXT', op: '512' },
      { id: 'column', name: 'dpkg', type: 'TEXT', op: '1024' },
      { id: 'column', name: 'rhel', type: 'TEXT', op: '2048' },
      { id: 'alias', alias: 'all_things' },
      { id: 'columnAlias', name: 'extra', target: 'add' },
      { id: 'columnAlias', name: 'more', target: 'add' },
      { id: 'attributes', attributes: '10' },
    ])
  })

  it('are those of the C++ SDK, entry by entry and key by key', () => {
    const recorded = defineTable({
      name: 'cpp_opts',
      description: 'The table of the recorded registration.',
      platforms: ['linux'],
      columns: {
        def: text('No option', { aliases: ['old_def'] }),
        idx: text('Index', { index: true }),
        add: text('Additional', { additional: true }),
        hid: text('Hidden', { hidden: true }),
        big: bigint('Bigint'),
        ubig: unsignedBigint('Unsigned'),
        dbl: double('Double'),
        blob: blob('Blob'),
        nocase: text('Nocase', { collate: 'nocase' }),
      },
      identity: ['def'],
      examples: ['SELECT * FROM cpp_opts'],
      aliases: ['cpp_opts_alias'],
      attributes: ['cacheable'],
      async *generate() {},
    })
    // Key order matters here: it is the order on the wire.
    expect(bind(recorded, undefined).routes.map((route) => JSON.stringify(route))).toEqual([
      '{"id":"column","name":"def","op":"0","type":"TEXT"}',
      '{"id":"column","name":"idx","op":"1","type":"TEXT"}',
      '{"id":"column","name":"add","op":"4","type":"TEXT"}',
      '{"id":"column","name":"hid","op":"16","type":"TEXT"}',
      '{"id":"column","name":"big","op":"0","type":"BIGINT"}',
      '{"id":"column","name":"ubig","op":"0","type":"UNSIGNED BIGINT"}',
      '{"id":"column","name":"dbl","op":"0","type":"DOUBLE"}',
      '{"id":"column","name":"blob","op":"0","type":"BLOB"}',
      '{"id":"column","name":"nocase","op":"64","type":"TEXT"}',
      '{"alias":"cpp_opts_alias","id":"alias"}',
      '{"id":"columnAlias","name":"old_def","target":"def"}',
      '{"attributes":"2","id":"attributes"}',
    ])
  })

  it('carry attributes 0 when there are none', () => {
    expect(routes(defineTable(good)).at(-1)).toEqual({ id: 'attributes', attributes: '0' })
  })
})
