/**
 * The code of the executable: one plain script for the main thread, one for every other thread.
 *
 * Minified, because a thread keeps the text of what it runs; ASCII only, because a text with one other character takes
 * twice the memory. The same sources give the same bytes.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, sep } from 'node:path'
import { build } from 'rolldown'

/** Threads by name: the bundle `threads/<name>.cjs` starts at the module. */
const threads: Readonly<Record<string, string>> = {
  plugins: 'cli/executable/plugins-thread.ts',
  rules: 'extension/rules/thread.ts',
  sql: 'cli/executable/sql-thread.ts',
  stores: 'cli/executable/stores-thread.ts',
}

/** A bundle. */
export interface Bundle {
  /** `main.cjs`, `threads/sql.cjs`. */
  readonly name: string
  readonly path: string
  /** npm packages whose code is inside. */
  readonly packages: readonly string[]
}

/** Writes all bundles below `directory`; the first is the main one. */
export async function bundle(root: string, directory: string): Promise<Bundle[]> {
  const entries: [string, string][] = [
    ['main.cjs', 'cli/executable/main.ts'],
    ...Object.entries(threads).map(([name, input]): [string, string] => [`threads/${name}.cjs`, input]),
  ]
  mkdirSync(join(directory, 'threads'), { recursive: true })
  return await Promise.all(entries.map(([name, input]) => bundleOne(root, input, name, join(directory, name))))
}

async function bundleOne(root: string, input: string, name: string, path: string): Promise<Bundle> {
  const { output } = await build({
    cwd: root,
    input,
    platform: 'node',
    write: false,
    // Its other entry, which the Kafka client asks for, reads its module from a file beside it.
    resolve: { alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' } },
    // A script that is compiled by itself may not import(); built-ins are required then.
    output: { format: 'cjs', codeSplitting: false, dynamicImportInCjs: false, minify: true },
  })
  const [chunk, ...others] = output
  if (others.length > 0) throw new Error(`${input} bundles to ${output.length} files; expected one`)
  const foreign = chunk.imports.filter((one) => !isBuiltin(one))
  if (foreign.length > 0) throw new Error(`${input} still imports ${foreign.join(', ')}; a bundle has built-ins only`)
  writeFileSync(path, ascii(chunk.code))
  return { name, path, packages: packagesOf(chunk.moduleIds) }
}

/** Escapes what is not ASCII. Minified code has no comments, and such characters stand in strings and patterns only. */
function ascii(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function packagesOf(modules: readonly string[]): string[] {
  const names = modules.flatMap((path) => {
    const [scope, name] = path.split(`${sep}node_modules${sep}`).at(-1)?.split(sep) ?? []
    if (scope === undefined || !path.includes(`${sep}node_modules${sep}`)) return []
    return [scope.startsWith('@') ? `${scope}/${name}` : scope]
  })
  return [...new Set(names)].sort()
}
