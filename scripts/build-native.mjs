/**
 * Builds the native engine with cargo and puts it beside `extension/native/native.ts`.
 *
 * Run by itself it fails when the engine cannot be built; `prepare.mjs` uses it and carries on. `--target TRIPLE` builds
 * for another system, with a toolchain of Rust's and a linker for it; `--glibc 2.28` builds for Linux with that glibc or a
 * newer one, with cargo-zigbuild (scripts/executable/zig-requirements.txt). Plain JavaScript, because it runs during
 * installation, before the pinned runtime is there.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const workspace = fileURLToPath(new URL('../extension/native/', import.meta.url))

/** What can be built for: Rust's names of systems, and Node's. */
export const platforms = new Map([
  ['x86_64-unknown-linux-gnu', 'linux-x64'],
  ['aarch64-unknown-linux-gnu', 'linux-arm64'],
  ['x86_64-apple-darwin', 'darwin-x64'],
  ['aarch64-apple-darwin', 'darwin-arm64'],
  ['x86_64-pc-windows-msvc', 'win32-x64'],
  ['x86_64-pc-windows-gnu', 'win32-x64'],
  ['aarch64-pc-windows-msvc', 'win32-arm64'],
])

/** Lines of a failed build that are shown: the error and where it is. */
const shownLines = 25

/**
 * What became of a build.
 * @typedef {{ state: 'built' | 'fresh', path: string } | { state: 'absent' | 'failed', reason: string }} Outcome
 */

/**
 * Builds and installs the add-on; without a target for the system this runs on, without a glibc for the one this has.
 * @param {string} [target]
 * @param {string} [glibc]
 * @returns {Outcome}
 */
export function buildNative(target, glibc) {
  if (glibc !== undefined) return buildForGlibc(target, glibc)
  const platform = target === undefined ? `${process.platform}-${process.arch}` : platforms.get(target)
  if (platform === undefined) {
    const known = [...platforms.keys()].join(', ')
    return { state: 'failed', reason: `--target is ${JSON.stringify(target)}; expected ${known}` }
  }
  /** Where `native.ts` and `build-ext.ts` look for the add-on. */
  const addon = join(workspace, `binding.${platform}.node`)
  const manifest = join(workspace, 'Cargo.toml')
  if (!existsSync(manifest)) {
    if (existsSync(addon)) return { state: 'fresh', path: addon }
    return { state: 'absent', reason: 'this package has no Rust sources' }
  }
  const args = ['build', '--release', '--locked', '--quiet', '--package', 'binding', '--manifest-path', manifest]
  if (target !== undefined) args.push('--target', target)
  const env = { ...process.env, ...(platform.startsWith('win32-') && { LIBNODE_PATH: emptyLibrary() }) }
  const cargo = spawnSync('cargo', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env })
  if (cargo.error !== undefined) return { state: 'absent', reason: 'no Rust toolchain was found' }
  if (cargo.status !== 0) return { state: 'failed', reason: lastLines(`${cargo.stdout}${cargo.stderr}`) }
  return install(join(targetDirectory(), target ?? '', 'release', libraryOf(platform)), addon)
}

/**
 * The linker of zig knows every glibc; a linker of this system binds to the functions of the newest one it finds.
 * @param {string | undefined} target
 * @param {string} glibc
 * @returns {Outcome}
 */
function buildForGlibc(target, glibc) {
  const here = `${process.platform}-${process.arch}`
  const triple = target ?? [...platforms].find(([, platform]) => platform === here)?.[0] ?? ''
  const platform = platforms.get(triple)
  if (platform === undefined || !triple.endsWith('-linux-gnu')) {
    return { state: 'failed', reason: `--glibc is for Linux, not for ${JSON.stringify(triple || here)}` }
  }
  if (!/^2\.\d{1,2}$/.test(glibc)) {
    return { state: 'failed', reason: `--glibc is ${JSON.stringify(glibc)}; expected a version such as 2.28` }
  }
  const manifest = join(workspace, 'Cargo.toml')
  const args = ['zigbuild', '--release', '--locked', '--quiet', '--package', 'binding', '--manifest-path', manifest]
  const cargo = spawnSync('cargo', [...args, '--target', `${triple}.${glibc}`], { encoding: 'utf8' })
  if (cargo.error !== undefined) return { state: 'absent', reason: 'no Rust toolchain was found' }
  if (cargo.status !== 0) return { state: 'failed', reason: lastLines(`${cargo.stdout}${cargo.stderr}`) }
  const built = join(targetDirectory(), triple, 'release', libraryOf(platform))
  return install(built, join(workspace, `binding.${platform}.node`))
}

/**
 * Cargo's name for a cdylib of the package `binding`.
 * @param {string} platform
 * @returns {string}
 */
function libraryOf(platform) {
  if (platform.startsWith('win32-')) return 'binding.dll'
  return platform.startsWith('darwin-') ? 'libbinding.dylib' : 'libbinding.so'
}

/** @returns {string} */
function targetDirectory() {
  return process.env.CARGO_TARGET_DIR ?? join(workspace, 'target')
}

/**
 * A directory with a library of Node that holds nothing. napi's build script wants to link the GNU kind of add-on with
 * one; ours looks Node's functions up in the program that loads it, whatever that is called.
 * @returns {string}
 */
function emptyLibrary() {
  const directory = join(targetDirectory(), 'libnode')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'libnode.dll'), '')
  writeFileSync(join(directory, 'libnode.dll.a'), '!<arch>\n')
  return directory
}

/**
 * Replaces the add-on in one step: a process that has the old one loaded keeps it, none ever sees half a file.
 * @param {string} built
 * @param {string} addon
 * @returns {Outcome}
 */
function install(built, addon) {
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
  const { values } = parseArgs({ options: { target: { type: 'string' }, glibc: { type: 'string' } } })
  const outcome = buildNative(values.target, values.glibc)
  if ('path' in outcome) {
    console.log(`native engine: ${outcome.state} ${outcome.path}`)
  } else {
    console.error(`native engine: ${outcome.reason}`)
    process.exitCode = 1
  }
}
