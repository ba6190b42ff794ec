/**
 * The README of the SDK: its blocks compile, those with an output below them print it, and whole examples are the files
 * that are named.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../../..')
const readme = readFileSync(join(root, 'extension/sdk/README.md'), 'utf8')
const blocks = Array.from(
  readme.matchAll(/```ts\n(?<code>.*?)```\n(?:\n```text\n(?<output>.*?)```)?/gs),
  ({ groups }, at) => ({ name: `block-${at + 1}.ts`, code: groups?.['code'] ?? '', output: groups?.['output'] }),
)
const run = promisify(execFile)

const directory = mkdtempSync(join(tmpdir(), 'sdk-readme-'))
symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
for (const { name, code } of blocks) writeFileSync(join(directory, name), code)
writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
writeFileSync(
  join(directory, 'tsconfig.json'),
  JSON.stringify({
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noEmit: true, typeRoots: [join(root, 'node_modules/@types')], skipLibCheck: true },
    include: ['*.ts'],
  }),
)
afterAll(() => rmSync(directory, { recursive: true }))

describe('the README', () => {
  it('has blocks, nearly all with an output', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(5)
    expect(blocks.filter(({ output }) => output !== undefined).length).toBeGreaterThanOrEqual(5)
  })

  it('compiles', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', directory, '--listFilesOnly'])
    expect(stdout).toContain('block-1.ts')
    // On an error tsc ends with another code, which rejects with all it printed.
    await run(process.execPath, [tsc, '-p', directory]).catch((error: { stdout: string }) => expect.fail(error.stdout))
  })

  it.each(blocks.filter(({ output }) => output !== undefined))('prints what it says: $name', async (block) => {
    const { stdout } = await run(process.execPath, [join(directory, block.name)], { timeout: 30_000 })
    expect(stdout).toBe(block.output)
  })

  it.each(['environment', 'notes'])('shows the whole of examples/%s.ts', (name) => {
    const example = readFileSync(join(root, `extension/sdk/examples/${name}.ts`), 'utf8')
    expect(blocks.map(({ code }) => code)).toContain(example.slice(example.indexOf('*/\n') + 3))
  })
})
