/**
 * A database and the life of its process: idle it lets the process end, busy it does not.
 */
import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const sdk = pathToFileURL(new URL('../../../../extension/sdk/', import.meta.url).pathname).href
const node = promisify(execFile)

const runScript = (body: string) => {
  const script = `
    import { bind, defineTable, integer } from '${sdk}index.ts'
    import { openSql } from '${sdk}sql/index.ts'
    const table = defineTable({
      name: 'slow', description: 'Slow.', platforms: ['linux'], columns: { n: integer('Number') }, identity: ['n'],
      examples: ['SELECT * FROM slow'],
      async *generate() {
        await new Promise((resolve) => { const timer = setTimeout(resolve, 300); timer.unref() })
        yield { n: 7 }
      },
    })
    const database = await openSql([bind(table, undefined)])
    ${body}
  `
  return node(process.execPath, ['--input-type=module-typescript', '-e', script], { timeout: 30_000 })
}

it('an open database that is idle lets the process end', async () => {
  const { stdout } = await runScript("console.log((await database.query('SELECT 1 AS a')).rows[0].a)")
  expect(stdout).toBe('1\n')
})

it('a database that was never asked lets the process end', async () => {
  const { stdout } = await runScript("console.log('open')")
  expect(stdout).toBe('open\n')
})

it('a running query keeps the process alive until it has answered', async () => {
  const { stdout } = await runScript(
    "database.query('SELECT n FROM slow').then(({ rows }) => console.log(rows[0].n)); database.query('SELECT 2 AS b').then(({ rows }) => console.log(rows[0].b))",
  )
  expect(stdout).toBe('7\n2\n')
})
