/**
 * Tables that do what queries do to an engine at worst, and one that is good: as an extension when this file is run.
 */
import { runExtension, tablePlugin } from '../../../extension/sdk/extension.ts'
import { type BoundTable, bigint, bind, defineTable, double, integer, text } from '../../../extension/sdk/index.ts'

const platforms = ['linux', 'darwin', 'windows'] as const

const values = defineTable({
  name: 'good_values',
  description: 'A row of every type.',
  platforms,
  columns: {
    name: text('Text'),
    big: bigint('64 bits'),
    small: integer('32 bits'),
    share: double('A fraction'),
    none: text('NULL'),
  },
  identity: ['name'],
  examples: ['SELECT * FROM good_values'],
  async *generate() {
    yield { name: 'one', big: 9223372036854775807n, small: 7, share: 3, none: null }
    yield { name: 'two', big: -9223372036854775808n, small: -7, share: 0.1, none: null }
  },
})

const many = defineTable({
  name: 'many_rows',
  description: 'More rows than anybody wants.',
  platforms,
  columns: { n: bigint('Number') },
  identity: ['n'],
  examples: ['SELECT * FROM many_rows LIMIT 1'],
  async *generate() {
    for (let n = 0; n < 20_000; n++) yield { n }
  },
})

const heavy = defineTable({
  name: 'heavy_cell',
  description: 'A cell of 50 MB.',
  platforms,
  columns: { content: text('Text') },
  identity: ['content'],
  examples: ['SELECT length(content) FROM heavy_cell'],
  async *generate() {
    yield { content: 'x'.repeat(50_000_000) }
  },
})

const failing = defineTable({
  name: 'failing',
  description: 'A table that throws.',
  platforms,
  columns: { n: integer('Number') },
  identity: ['n'],
  examples: ['SELECT * FROM failing'],
  generate(): AsyncIterable<{ n: number }> {
    throw new Error('the disk is on fire')
  },
})

const hanging = defineTable({
  name: 'hanging',
  description: 'A table that never answers and does not hear that it should stop.',
  platforms,
  columns: { n: integer('Number') },
  identity: ['n'],
  examples: ['SELECT * FROM hanging'],
  async *generate(): AsyncGenerator<{ n: number }> {
    await new Promise<never>(() => {})
  },
})

const deadly = defineTable({
  name: 'deadly',
  description: 'A table that ends the process that asks: osquery, by its pid in the environment.',
  platforms,
  columns: { n: integer('Number') },
  identity: ['n'],
  examples: ['SELECT * FROM deadly'],
  async *generate(): AsyncGenerator<{ n: number }> {
    process.kill(Number(process.env['OSQUERY_EXTENSION']), 'SIGKILL')
    await new Promise<never>(() => {})
  },
})

/** All tables; `deadly` is for a process of its own. */
export function dangerousTables(): BoundTable[] {
  return [
    bind(values, undefined),
    bind(many, undefined),
    bind(heavy, undefined),
    bind(failing, undefined),
    bind(hanging, undefined),
    bind(deadly, undefined),
  ]
}

/** For `CoreProcess.start`. */
export const dangerousExtension = { file: import.meta.filename, name: 'dangerous' }

if (process.argv[1] === import.meta.filename) {
  process.exitCode = await runExtension({
    name: 'dangerous',
    version: '1.0.0',
    plugins: () => dangerousTables().map((table) => tablePlugin(table, { deadlineMs: 600_000 })),
  })
}
