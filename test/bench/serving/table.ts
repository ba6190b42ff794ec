/**
 * What the serving contest serves: rows of 16 columns whose values follow from their number.
 *
 * The same formulas stand in the Python and the Go extension of test/support/peers; the contest compares every row.
 * Doubles are eighths, which every language writes alike. `bench_nothing` has no rows, and costs what a call costs.
 */
import { bigint, defineTable, double, integer, text } from 'osquery-extension-sdk'

/** Rows of the large table. */
export const rowCount = Number(process.env['BENCH_ROWS'] ?? 100_000)

const owners = ['root', 'bjørn', 'Łukasz', '山田'] as const

const columns = {
  path: text('Where the file lies'),
  directory: text('Its directory'),
  filename: text('Its name'),
  sha256: text('Digest of 64 digits'),
  md5: text('Digest of 32 digits'),
  owner: text('Who owns it'),
  group_name: text('The group of the owner'),
  type: text('What it is'),
  comment: text('A remark, at times longer and not ASCII'),
  size: bigint('Bytes'),
  mtime: bigint('Last change'),
  inode: bigint('A number near 2^52'),
  uid: integer('Id of the owner'),
  gid: integer('Id of the group'),
  ratio: double('A share'),
  score: double('A large double'),
}

/** One row's values, as a table yields them. */
export function row(number: number) {
  const mixed = Math.imul(number, 2_654_435_761) >>> 0
  const hex = mixed.toString(16).padStart(8, '0')
  const directory = `/srv/données/3CXDesktopApp/${number % 97}`
  const filename = `file-${number}.dll`
  return {
    path: `${directory}/${filename}`,
    directory,
    filename,
    sha256: hex.repeat(8),
    md5: hex.repeat(4),
    owner: owners[number % 4] ?? '',
    group_name: 'staff',
    type: 'regular',
    comment:
      number % 10 === 0 ? `Überprüfung ${number}: nichts gefunden, 桌面应用` : `checked ${number}, nothing found`,
    size: mixed * 1024,
    mtime: 1_679_000_000 + number,
    inode: 4_503_599_627_370_496 + number,
    uid: number % 1000,
    gid: number % 50,
    ratio: (2 * (number % 512) + 1) / 1024,
    score: (2 * number + 1) / 8,
  }
}

/** The large table. */
export const benchRows = defineTable({
  name: 'bench_rows',
  description: 'Rows whose values follow from their number.',
  platforms: ['linux', 'darwin', 'windows'],
  columns,
  identity: ['path'],
  examples: ['SELECT count(*) FROM bench_rows'],
  async *generate() {
    for (let number = 0; number < rowCount; number++) yield row(number)
  },
})

/** A table without rows. */
export const benchNothing = defineTable({
  name: 'bench_nothing',
  description: 'No rows.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: { path: text('Never said') },
  identity: ['path'],
  examples: ['SELECT * FROM bench_nothing'],
  async *generate() {},
})
