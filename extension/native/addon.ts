/**
 * The file of the native add-on: where it is, and loading it.
 *
 * In a checkout it lies beside this module. The single-file executable carries it inside and says through
 * `loadAddonFrom` how it gets to a disk, since the system loads code from files only.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Why there is no native engine, in one line. */
export interface Problem {
  readonly problem: string
  /** Somebody should look: an add-on is there and cannot be used safely. */
  readonly isAlarming?: boolean
}

/** Where add-ons come from. */
export interface AddonSource {
  /** Path of the add-on, ready to be loaded now. `stateDir` is where we may write; absent: nowhere. */
  locate(stateDir: string | undefined): string | Problem
  /** What to do when it cannot be loaded. */
  readonly remedy: string
}

const remedy = 'run node scripts/build-native.mjs'

let source: AddonSource = {
  remedy,
  locate() {
    const path = fileURLToPath(new URL(`./${addonName}`, import.meta.url))
    return existsSync(path) ? path : { problem: `the native engine is not built; ${remedy}` }
  },
}

/** The add-on of this platform, as `scripts/build-native.mjs` calls it. */
export const addonName = `binding.${process.platform}-${process.arch}.node`

/** Replaces where add-ons come from, for the whole process; for the executable. */
export function loadAddonFrom(replacement: AddonSource): void {
  source = replacement
}

/** What each file exports: a thread initialises an add-on once. */
const loaded = new Map<string, unknown>()

/** Loads the add-on and returns what it exports, or says why not. */
export function loadAddon(
  stateDir: string | undefined,
): { readonly path: string; readonly exports: unknown } | Problem {
  const path = source.locate(stateDir)
  if (typeof path !== 'string') return path
  try {
    const module = { exports: loaded.get(path) ?? {} }
    if (!loaded.has(path)) process.dlopen(module, path)
    loaded.set(path, module.exports)
    return { path, exports: module.exports }
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    return { problem: `cannot load the native engine ${path}: ${reason}; ${source.remedy}`, isAlarming: true }
  }
}

/** A file that is an add-on, but not of this build. */
export function otherBuild(path: string, found: unknown, expected: number): Problem {
  const problem = `the native engine ${path} has layout ${found ?? 'none'}, expected ${expected}; ${source.remedy}`
  return { problem, isAlarming: true }
}
