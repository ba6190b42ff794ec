/**
 * `npm run build:ext`: the extension and the command line as one file.
 *
 * For this platform it writes dist/threecx_hunter.ext (.ext.exe on Windows); `--platform P` builds for another into
 * dist/P, with the runtime from the npm registry and without a native engine where none is built for P. Beside it lie
 * its digest and a list of what is inside. It is not signed; docs/signing.md says how.
 */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, relative, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { yaraAsset } from '../extension/rules/yara-module.ts'
import packageFile from '../package.json' with { type: 'json' }
import { type Bundle, bundle } from './executable/bundle.ts'
import { execArgvOf, inject } from './executable/inject.ts'
import { lockedPackage, type Runtime, runtimeFor } from './executable/runtime.ts'
import { host, type Target, targetOf } from './executable/target.ts'

const root = join(import.meta.dirname, '..')

/** Builds for a platform into a directory; returns the path of the executable. */
export async function buildExecutable(platform: string, directory: string): Promise<string> {
  const target = targetOf(platform)
  checkRuntime()
  mkdirSync(directory, { recursive: true })
  const scratch = mkdtempSync(join(directory, '.building-'))
  try {
    const [main, ...threads] = await bundle(root, join(scratch, 'bundle'))
    if (main === undefined) throw new Error('there is no main bundle')
    const assets = assetsOf(target, threads)
    const runtime = runtimeFor(target, root)
    const partial = join(scratch, target.output)
    const { stripped } = inject({ target, runtime, main: main.path, assets }, partial, scratch)
    const contents = contentsOf(target, runtime, stripped, [main, ...threads], assets)
    const output = join(directory, target.output)
    writeFileSync(`${output}.json`, `${JSON.stringify(contents, null, 2)}\n`)
    writeFileSync(`${output}.sha256`, `${sha256(partial)}  ${target.output}\n`)
    renameSync(partial, output)
    return output
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** The blob is made by the Node that runs this, so it must be the pinned one. */
function checkRuntime(): void {
  const { version } = lockedPackage(targetOf(host).runtime, root)
  if (process.versions.node === version) return
  throw new Error(`this is Node ${process.versions.node}; the pinned one is ${version}. Run npm run build:ext`)
}

/** Paths of what ships beside the main bundle, by the names extension/runtime/resources.ts is asked for. */
function assetsOf(target: Target, threads: readonly Bundle[]): Record<string, string> {
  const data = ['iocs', 'packs']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => !name.startsWith('packs/rendered/'))
  const addon = `binding.${target.platform}.node`
  const addonPath = join(root, 'extension', 'native', addon)
  return {
    ...Object.fromEntries(data.sort().map((name) => [name, join(root, name)])),
    [yaraAsset]: join(root, 'node_modules/@virustotal/yara-x/pkg', yaraAsset),
    'sqlite3.wasm': join(root, 'node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm'),
    ...Object.fromEntries(threads.map(({ name, path }) => [name, path])),
    ...(existsSync(addonPath) ? { [`addon/${addon}`]: addonPath } : {}),
  }
}

function contentsOf(
  target: Target,
  runtime: Runtime,
  stripped: boolean,
  bundles: readonly Bundle[],
  assets: Readonly<Record<string, string>>,
): unknown {
  const packages = [...new Set(bundles.flatMap((one) => one.packages))].sort()
  const files = { 'main.cjs': bundles[0]?.path ?? '', ...assets }
  return {
    name: packageFile.name,
    version: packageFile.version,
    platform: target.platform,
    node: {
      package: target.runtime,
      version: runtime.version,
      integrity: runtime.integrity,
      stripped,
      execArgv: execArgvOf(target),
    },
    engines: Object.keys(assets).some((name) => name.startsWith('addon/')) ? ['native', 'portable'] : ['portable'],
    packages: packages.map((name) => ({ name, ...lockedPackage(name, root) })),
    files: Object.entries(files).map(([name, path]) => ({ name, bytes: statSync(path).size, sha256: sha256(path) })),
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { platform: { type: 'string', default: host }, out: { type: 'string' } } })
  const directory = values.out ?? join(root, 'dist', values.platform === host ? '' : values.platform)
  const output = await buildExecutable(values.platform, directory)
  const pinned = lockedPackage(targetOf(host).runtime, root).version
  const { version } = lockedPackage(targetOf(values.platform).runtime, root)
  console.log(`${relative(process.cwd(), output)}: ${(statSync(output).size / 2 ** 20).toFixed(1)} MiB, not signed`)
  if (version !== pinned) {
    console.error(`its Node is ${version}, the builder's ${pinned}: try it on ${values.platform} before it is released`)
  }
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(`build:ext: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  })
}
