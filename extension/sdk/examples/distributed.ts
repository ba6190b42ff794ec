/**
 * A distributed plugin: questions from one file, answers to another.
 *
 *   QUESTIONS=questions.json ANSWERS=answers.jsonl node distributed.ts --socket /path/of/osquery.em
 *   osqueryd --distributed_plugin=files --disable_distributed=false --extensions_require=files ...
 */
import { appendFileSync, existsSync, readFileSync, renameSync } from 'node:fs'
import { type DistributedQueries, distributedPlugin, runExtension } from 'osquery-extension-sdk/extension'

const questions = process.env['QUESTIONS'] ?? 'questions.json'
const answers = process.env['ANSWERS'] ?? 'answers.jsonl'

const files = distributedPlugin({
  name: 'files',
  getQueries(): DistributedQueries {
    if (!existsSync(questions)) return { queries: {} }
    const queries = JSON.parse(readFileSync(questions, 'utf8')) as Record<string, string>
    renameSync(questions, `${questions}.asked`) // ask once
    return { queries }
  },
  writeResults(results) {
    appendFileSync(answers, results.map((result) => `${JSON.stringify(result)}\n`).join(''))
  },
})

process.exitCode = await runExtension({ name: 'files', version: '1.0.0', plugins: () => [files] })
