/**
 * Builds the native engine with cargo and puts it beside `extension/native/native.ts`.
 *
 * Run by itself it fails when the engine cannot be built; `prepare.mjs` uses it and carries on. Plain JavaScript, because
 * it runs during installation, before the pinned runtime is there.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const workspace = fileURLToPath(new URL('../extension/native/', import.meta.url))

/** Where `native.ts` looks for the add-on. */
const addon = join(workspace, `binding.${process.platform}-${process.arch}.node`)

/** Cargo's name for a cdylib of the package `binding`. */
const library = process.platform === 'darwin' ? 'libbinding.dylib' : 'libbinding.so'

/** Lines of a failed build that are shown: the error and where it is. */
const shownLines = 25

/**
 * What became of a build.
 * @typedef {{ state: 'built' | 'fresh', path: string } | { state: 'absent' | 'failed', reason: string }} Outcome
 */

/**
 * Builds and installs the add-on.
 * @returns {Outcome}
 */
export function buildNative() {
  if (process.platform === 'win32') return { state: 'absent', reason: 'the native engine is not built for Windows yet' }
  const manifest = join(workspace, 'Cargo.toml')
  if (!existsSync(manifest)) {
    if (existsSync(addon)) return { state: 'fresh', path: addon }
    return { state: 'absent', reason: 'this package has no Rust sources' }
  }
  const args = ['build', '--release', '--locked', '--quiet', '--package', 'binding', '--manifest-path', manifest]
  const cargo = spawnSync('cargo', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  if (cargo.error !== undefined) return { state: 'absent', reason: 'no Rust toolchain was found' }
  if (cargo.status !== 0) return { state: 'failed', reason: lastLines(`${cargo.stdout}${cargo.stderr}`) }
  return install(join(targetDirectory(), 'release', library))
}

/** @returns {string} */
function targetDirectory() {
  return process.env.CARGO_TARGET_DIR ?? join(workspace, 'target')
}

/**
 * Replaces the add-on in one step: a process that has the old one loaded keeps it, none ever sees half a file.
 * @param {string} built
 * @returns {Outcome}
 */
function install(built) {
  const partial = `${addon}.${process.pid}.partial`
  try {
    if (existsSync(addon) && readFileSync(addon).equals(readFileSync(built))) return { state: 'fresh', path: addon }
    try {
      copyFileSync(built, partial)
      renameSync(partial, addon)
    } finally {
      rmSync(partial, { force: true })
    }
    return { state: 'built', path: addon }
  } catch (cause) {
    return { state: 'failed', reason: `cannot install ${built}: ${cause instanceof Error ? cause.message : cause}` }
  }
}

/**
 * @param {string} output
 * @returns {string}
 */
function lastLines(output) {
  return output.trimEnd().split('\n').slice(-shownLines).join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outcome = buildNative()
  if ('path' in outcome) {
    console.log(`native engine: ${outcome.state} ${outcome.path}`)
  } else {
    console.error(`native engine: ${outcome.reason}`)
    process.exitCode = 1
  }
}
