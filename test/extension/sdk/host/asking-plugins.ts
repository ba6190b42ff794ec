/** A table that asks osquery whatever it is asked, for the tests of questions. */
import { definePlugins, type PluginServices, tablePlugin } from '../../../../extension/sdk/extension.ts'
import { bind, defineTable, text } from '../../../../extension/sdk/index.ts'

const asking = defineTable({
  name: 'asking',
  aliases: ['asking_too'],
  description: 'What osquery answers to a question.',
  platforms: ['linux'],
  columns: { question: text('SQL', { index: true, optimized: true }), answer: text('JSON, or the error') },
  identity: ['question'],
  examples: ["SELECT answer FROM asking WHERE question = 'SELECT 1'"],
  async *generate(context, query: PluginServices['query']) {
    for (const question of context.equals('question') ?? []) {
      const answer = await query(question, { signal: context.signal }).then(
        (rows) => JSON.stringify(rows),
        (error: Error) => `${error.name}: ${error.message}`,
      )
      yield { question, answer }
    }
  },
})

export default definePlugins(({ query }) => [tablePlugin(bind(asking, query), { concurrency: 16 })])
