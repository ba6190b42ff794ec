/**
 * The smallest extension: one table.
 *
 *   node table.ts --socket /path/of/osquery.em        then, in osqueryi: SELECT * FROM hours
 */
import { bind, defineTable, integer } from 'osquery-extension-sdk'
import { runExtension, tablePlugin } from 'osquery-extension-sdk/extension'

const hours = defineTable({
  name: 'hours',
  description: 'The hours of a day.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: { hour: integer('0 to 23', { index: true }) },
  identity: ['hour'],
  examples: ['SELECT hour FROM hours WHERE hour > 12'],
  async *generate() {
    for (let hour = 0; hour < 24; hour++) yield { hour }
  },
})

process.exitCode = await runExtension({
  name: 'hours',
  version: '1.0.0',
  plugins: () => [tablePlugin(bind(hours, undefined))],
})
