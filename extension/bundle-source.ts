/**
 * Where a process takes its indicator bundle from: the installed ones, one file, or nowhere.
 */
import { type BundleChoice, noBundle, statusOf } from './indicators/bundle/choose.ts'
import { openBundle, readBundleFile } from './indicators/bundle/open-bundle.ts'
import { BundleStore } from './indicators/bundle/store.ts'
import { readTrust } from './indicators/bundle/trust.ts'
import { BundleWatch } from './indicators/bundle/watch.ts'
import type { Clock } from './runtime/clock.ts'

/** Bundles of a state directory, watched, or one file that must be good. `trust` are files and directories of keys. */
export type BundleSource =
  | { readonly kind: 'installed'; readonly stateDir: string; readonly trust: readonly string[] }
  | { readonly kind: 'file'; readonly path: string; readonly trust: readonly string[] }

/** A choice that may change. */
export interface FollowedBundle {
  /** What is in force; another object after a look that found something else. */
  readonly choice: BundleChoice
  /** Whether a look would choose anew; cheap. */
  readonly isOutdated: boolean
  look(): Promise<BundleChoice>
}

/** Opens a source; without one there is no bundle. A named file that is not good throws one of `bundle_...`. */
export async function followBundle(source: BundleSource | undefined, clock: Clock): Promise<FollowedBundle> {
  if (source?.kind === 'installed') {
    return await BundleWatch.open(new BundleStore(source.stateDir), source.trust, clock)
  }
  return fixed(source === undefined ? noBundle : await oneFile(source.path, source.trust, clock))
}

async function oneFile(path: string, trustPaths: readonly string[], clock: Clock): Promise<BundleChoice> {
  const trust = readTrust(trustPaths)
  const now = Math.floor(clock.nowMs() / 1000)
  const bundle = await openBundle(readBundleFile(path, true), { file: path, trust, now })
  return { bundle, status: statusOf('file', [], bundle) }
}

function fixed(choice: BundleChoice): FollowedBundle {
  return { choice, isOutdated: false, look: async () => choice }
}
