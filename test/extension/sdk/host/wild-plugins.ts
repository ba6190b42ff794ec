/** Plugins that do everything a plugin should not, for the tests of their thread. */
import { definePlugins, tablePlugin } from '../../../../extension/sdk/extension.ts'
import { type BoundTable, bind, defineTable, text } from '../../../../extension/sdk/index.ts'

function table(name: string, work: () => string | Promise<string>): BoundTable {
  const declared = defineTable({
    name,
    description: 'A table that works in its own way.',
    platforms: ['linux'],
    columns: { word: text('What came of it') },
    identity: ['word'],
    examples: [`SELECT * FROM ${name}`],
    async *generate() {
      yield { word: await work() }
    },
  })
  return bind(declared, undefined)
}

export default definePlugins(({ session, log }) => [
  tablePlugin(
    table('calm', () => {
      log('info', 'calm was asked')
      return `${session().uuid} ${session().registrations}`
    }),
  ),
  tablePlugin(
    table('spinning', () => {
      for (;;);
    }),
  ),
  tablePlugin(
    table('greedy', () => {
      const held: unknown[] = []
      for (;;) held.push(Array.from({ length: 1000 }, (_, at) => ({ at })))
    }),
  ),
  tablePlugin(
    table('throwing', () => {
      setImmediate(() => {
        throw new Error('nobody catches this')
      })
      return new Promise<string>(() => {})
    }),
  ),
])
