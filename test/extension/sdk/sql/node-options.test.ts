/**
 * A process is started with options; the worker must start whatever they are, and must not shed the restricting ones.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const script = `
  import { openSql } from '${new URL('../../../../extension/sdk/sql/index.ts', import.meta.url).href}'
  const database = await openSql([])
  console.log((await database.query('SELECT 1 AS one')).rows[0].one)
`
const text = ['--input-type=module-typescript', '-e', script]
const imported = ['-e', `import(${JSON.stringify(`data:text/javascript,${encodeURIComponent(script)}`)})`]
const run = async (args: readonly string[]) =>
  (await promisify(execFile)(process.execPath, [...args], { cwd: root, timeout: 30_000 })).stdout

it.each(['--max-old-space-size=512', '--title=hunter', '--stack-trace-limit=50', '--expose-gc'])(
  'a database opens under %s',
  async (option) => {
    expect(await Promise.all([run([option, ...imported]), run([option, ...text])])).toEqual(['1\n', '1\n'])
  },
)

it('the worker inherits options that do not concern the script', async () => {
  // A preload that fails in workers only shows that it ran there.
  const preload = "import { isMainThread } from 'node:worker_threads'; if (!isMainThread) throw new Error('preloaded')"
  const option = `--import=data:text/javascript,${encodeURIComponent(preload)}`
  expect(await run([option, ...imported]).catch(String)).toContain('preloaded')
})
