/**
 * A process that serves the embedded engine over dangerous tables, for `ProcessEngine`.
 */
import { writeFileSync } from 'node:fs'
import { EmbeddedEngine } from '../../../daemon/engine/embedded-engine.ts'
import { serveEngine } from '../../../daemon/engine/serve-engine.ts'
import { bind, defineTable, integer } from '../../../extension/sdk/index.ts'
import { dangerousTables } from './dangerous-tables.ts'

process.env['OSQUERY_EXTENSION'] = String(process.pid) // the deadly table ends whoever this names

const holding = defineTable({
  name: 'holding',
  description: 'A table that holds its thread: nothing else runs there any more. It leaves a file when it begins.',
  platforms: ['linux', 'darwin', 'windows'],
  columns: { n: integer('Number') },
  identity: ['n'],
  examples: ['SELECT * FROM holding'],
  async *generate(): AsyncGenerator<{ n: number }> {
    writeFileSync(process.env['HOLDING_MARK'] ?? '', '')
    for (let n = 0; ; n++) if (n < 0) yield { n }
  },
})

await serveEngine(
  new EmbeddedEngine({
    extension: { name: 'threecx_hunter', version: '0.0.0' },
    open: async () => ({ tables: [...dangerousTables(), bind(holding, undefined)], close: () => {} }),
    graceMs: 50,
    stopMs: 50,
  }),
)
process.exit(0) // a table that hangs would keep it
