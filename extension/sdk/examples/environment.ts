/**
 * A table of this process's environment, asked in SQL. Run it: `node extension/sdk/examples/environment.ts`
 */
import { bind, defineTable, integer, text } from 'osquery-extension-sdk'
import { openSql } from 'osquery-extension-sdk/sql'

interface Services {
  readonly variables: Readonly<Record<string, string>>
}

const environment = defineTable({
  name: 'environment',
  description: 'Environment variables of this process.',
  platforms: ['windows', 'darwin', 'linux'],
  columns: {
    name: text('Name of the variable', { index: true, optimized: true }),
    value: text('Its value'),
    bytes: integer('Length of the value in UTF-8'),
  },
  identity: ['name'],
  examples: ["SELECT value FROM environment WHERE name = 'PATH'"],
  async *generate(context, { variables }: Services) {
    for (const name of context.equals('name') ?? Object.keys(variables)) {
      const value = variables[name]
      if (value === undefined || !context.mayMatch('name', name)) continue
      yield { name, value, ...(context.uses('bytes') && { bytes: Buffer.byteLength(value) }) }
    }
  },
})

const variables = { HOME: '/home/ada', LANG: 'C.UTF-8', SHELL: '/bin/sh' }
const database = await openSql([bind(environment, { variables })])
const { rows } = await database.query('SELECT name, bytes FROM environment WHERE name IN (?, ?) OR value LIKE ?', {
  params: ['LANG', 'TERM', '/home/%'],
  signal: AbortSignal.timeout(5000),
})
console.table(rows)
await database.close()
