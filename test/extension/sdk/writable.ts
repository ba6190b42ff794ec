/**
 * A writable table for tests: rows in a map, every call of its three methods noted.
 */
import {
  type BoundTable,
  bigint,
  bind,
  blob,
  ConstraintError,
  defineTable,
  double,
  integer,
  text,
} from '../../../extension/sdk/index.ts'

/** A row as it is kept. */
export interface Stored {
  readonly text: string
  readonly integer: number | null
  readonly big: number | bigint | null
  readonly dbl: number | null
  readonly bytes: Uint8Array | null
}

/** The table, what it holds, and what it was told: the method and the rows it got. */
export interface Stage {
  readonly table: BoundTable
  readonly rows: Map<string, Stored>
  readonly told: (readonly [method: string, ...rows: unknown[]])[]
  /** Runs before every change. */
  before: (signal: AbortSignal) => Promise<void>
}

/** A table `rw` whose identity is `text`; a negative integer breaks its rules. */
export function writable(): Stage {
  const rows = new Map<string, Stored>()
  const told: Stage['told'] = []
  const check = async (row: Stored, signal: AbortSignal) => {
    await stage.before(signal)
    if (row.integer !== null && row.integer < 0) throw new ConstraintError('integer is negative')
    if (row.integer === 13) throw new RangeError('the disk is full')
  }
  const table = defineTable({
    name: 'rw',
    description: 'Rows that can be changed.',
    platforms: ['linux'],
    columns: {
      text: text('Text'),
      integer: integer('Integer', { additional: true }),
      big: bigint('Bigint', { additional: true }),
      dbl: double('Double', { additional: true }),
      bytes: blob('Bytes', { additional: true }),
    },
    identity: ['text'],
    examples: ['SELECT * FROM rw'],
    aliases: ['rw_alias'],
    async *generate() {
      yield* rows.values()
    },
    async insert(row, _services, signal) {
      told.push(['insert', row])
      await check(row, signal)
      rows.set(row.text, row)
    },
    async update(row, previous, _services, signal) {
      told.push(['update', row, previous])
      await check(row, signal)
      rows.delete(previous.text)
      rows.set(row.text, row)
    },
    async delete(row, _services, signal) {
      told.push(['delete', row])
      await check(row, signal)
      rows.delete(row.text)
    },
  })
  const stage: Stage = { table: bind(table, undefined), rows, told, before: async () => {} }
  return stage
}
