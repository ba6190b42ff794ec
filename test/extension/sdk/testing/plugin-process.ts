/** An extension of a test as a process: one table, one logger that osquery can ask for nothing. */
import { loggerPlugin, runExtension, tablePlugin } from '../../../../extension/sdk/extension.ts'
import { bind, defineTable, integer, text } from '../../../../extension/sdk/index.ts'

const table = defineTable({
  name: 'from_process',
  description: 'A row.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: { n: integer('A number', { index: true }), argv: text('The arguments'), parent: text('The variable') },
  identity: ['n'],
  examples: ['SELECT * FROM from_process'],
  async *generate() {
    yield { n: 7, argv: process.argv.slice(2).join(' '), parent: process.env['OSQUERY_EXTENSION'] ?? '' }
  },
})

process.exitCode = await runExtension({
  name: 'from_process',
  version: '1.0.0',
  plugins: () => [
    tablePlugin(bind(table, undefined)),
    loggerPlugin({ name: 'quiet', string: () => {}, failed: () => {} }),
  ],
})
