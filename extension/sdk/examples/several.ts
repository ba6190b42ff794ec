/**
 * Several plugins of several kinds in one process: a writable table, a table that shows the metrics of both, two loggers.
 *
 *   node several.ts --socket /path/of/osquery.em      then: INSERT INTO words (word) VALUES ('hello')
 */
import { bind, defineTable, integer, text } from 'osquery-extension-sdk'
import { definePlugins, loggerPlugin, runExtension, tablePlugin } from 'osquery-extension-sdk/extension'

const words = defineTable({
  name: 'words',
  description: 'Words, as long as the process lives.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: { word: text('A word', { index: true }) },
  identity: ['word'],
  examples: ['SELECT word FROM words', "INSERT INTO words (word) VALUES ('hello')"],
  async *generate(_context, kept: Set<string>) {
    for (const word of kept) yield { word }
  },
  insert: ({ word }, kept) => void kept.add(word),
  delete: ({ word }, kept) => void kept.delete(word),
})

const calls = defineTable({
  name: 'calls',
  description: 'How often each table of this extension was asked.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: { name: text('Name of the table'), calls: integer('Calls since the start') },
  identity: ['name'],
  examples: ['SELECT * FROM calls'],
  async *generate(_context, metrics: () => readonly { table: string; calls: number }[]) {
    for (const { table, calls } of metrics()) yield { name: table, calls }
  },
})

const plugins = definePlugins(({ metrics, log }) => [
  tablePlugin(bind(words, new Set(['one']))),
  tablePlugin(bind(calls, metrics), { deadlineMs: 1000 }),
  ...['first', 'second'].map((name) =>
    loggerPlugin({
      name,
      string: (line) => void process.stdout.write(`${name} ${line}\n`),
      failed: (error) => log('error', String(error)),
    }),
  ),
])

process.exitCode = await runExtension({ name: 'several', version: '1.0.0', plugins })
