#!/usr/bin/env node
/**
 * Entry of the `threecx` command: makes sure the pinned Node runs it.
 *
 * The sources are TypeScript and need the Node this project pins. Under `npx` and npm scripts that one is first on the
 * path; called any other way, this finds it among the dependencies and hands over.
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const self = fileURLToPath(import.meta.url)
const needed = 26

if (Number(process.versions.node.split('.')[0]) >= needed) {
  await keepCode()
  const { main } = await import('./main.ts')
  process.exitCode = await main(process.argv.slice(2))
} else {
  const node = pinnedNode()
  if (node === undefined) {
    console.error(`threecx needs Node ${needed}, this is ${process.version}; run npm ci, or install Node ${needed}.`)
    process.exit(70)
  }
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143)
  })
}

/**
 * Keeps compiled code in the state directory, which halves the start and the memory it takes. Code that is believed
 * must lie where only we can write: a directory that is not ours alone is not used. --no-cache keeps nothing.
 */
async function keepCode() {
  const { lstatSync, mkdirSync } = await import('node:fs')
  const { enableCompileCache } = await import('node:module')
  const { defaultStateDir } = await import('../extension/runtime/state-location.mjs')
  const { values } = parseArgs({
    strict: false,
    options: { state: { type: 'string' }, 'no-cache': { type: 'boolean' } },
  })
  if (values['no-cache']) return
  const uid = process.getuid?.()
  const said = typeof values.state === 'string' ? values.state : process.env['THREECX_STATE']
  const state = said || defaultStateDir(process.env, process.platform, uid === 0)
  try {
    mkdirSync(state, { recursive: true, mode: 0o700 })
    const found = lstatSync(state)
    if (found.isDirectory() && (uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0))) {
      enableCompileCache(join(state, 'code'))
    }
  } catch {
    // no state directory: it starts more slowly; commands that need one say why they cannot use it
  }
}

/** The binary inside the platform's package, or undefined. */
function pinnedNode() {
  const require = createRequire(import.meta.url)
  const platform = process.platform === 'win32' ? 'win' : process.platform
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      const file = platform === 'win' ? 'bin/node.exe' : 'bin/node'
      return join(dirname(require.resolve(`${name}/package.json`)), file)
    } catch {
      // the other name, or none for this platform
    }
  }
  return undefined
}
