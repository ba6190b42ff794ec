/**
 * Installing an indicator bundle, and going back.
 *
 * Versions only go up. What counts for the order are bundles that the keys trusted now have signed: after a stolen key
 * was taken from the trusted ones, its bundle with the highest version there is does not bar the way of the next honest
 * one. Going back raises a floor: what was rolled back, and everything before it, is not installed again; a newer
 * version is. Only `anyVersion`, said by a person, sets order and floor aside.
 */
import { HunterError } from '../../domain/errors.ts'
import { isGenuine, openInstalled } from './choose.ts'
import { type OpenedBundle, openBundle } from './open-bundle.ts'
import { checkedBy } from './payload.ts'
import { type BundleRecord, emptyRecord, type InstalledBundle, maxKept } from './record.ts'
import type { BundleStore } from './store.ts'
import type { Trust } from './trust.ts'

/** What an installation starts from. */
export interface InstallRequest {
  readonly bytes: Uint8Array
  /** As messages show it. */
  readonly file: string
  readonly trust: Trust
  /** Unix seconds. */
  readonly now: number
  /** Install whatever the order and the floor say, and a new record where the old one cannot be read. */
  readonly anyVersion?: boolean
  /** A last look at the content before anything is changed; throws to refuse. */
  readonly inspect?: (bundle: OpenedBundle) => Promise<void>
}

/** What came of it. */
export interface Installation {
  readonly bundle: OpenedBundle
  /** False: it was in force already. */
  readonly isChange: boolean
}

/** What came of a rollback. */
export interface Rollback {
  /** Taken out of force. */
  readonly from: readonly InstalledBundle[]
  /** In force now; absent: the program's own data. */
  readonly to?: OpenedBundle
}

/** Verifies a bundle and puts it in force. Throws one of the `bundle_...` errors, or `state_unusable`. */
export async function installBundle(store: BundleStore, request: InstallRequest): Promise<Installation> {
  const { bytes, file, trust, now, anyVersion = false, inspect } = request
  const bundle = await openBundle(bytes, { file, trust, now })
  await inspect?.(bundle)
  return await store.alone(async () => {
    const before = recordOf(store, anyVersion)
    const { version, name } = bundle.content
    const [head] = before.bundles
    const entry: InstalledBundle = { version, name, sha256: bundle.sha256, installed: now, checked: checkedBy }
    if (head?.sha256 === bundle.sha256) {
      const isSound = isGenuine(store, head, trust) && head.checked === checkedBy
      if (!isSound) store.putBundle(head, bytes)
      if (!isSound)
        store.putRecord({ ...before, bundles: [{ ...head, checked: checkedBy }, ...before.bundles.slice(1)] })
      return { bundle, isChange: !isSound }
    }
    if (!anyVersion) refuseOrder(store, before, entry, request)
    const rest = before.bundles.filter((one) => one.sha256 !== entry.sha256)
    store.putBundle(entry, bytes)
    const floor = anyVersion ? Math.min(before.floor, version - 1) : before.floor
    store.putRecord({ bundles: [entry, ...rest].slice(0, maxKept), floor })
    return { bundle, isChange: true }
  })
}

/** Takes the bundle in force away, and all before it that could not be used. Throws `bundle_store` if there is none. */
export async function rollBack(store: BundleStore, trust: Trust, now: number): Promise<Rollback> {
  return await store.alone(async () => {
    const { bundles, floor } = store.read()
    if (bundles.length === 0) throw new HunterError('bundle_store', 'cannot roll back: no bundle is installed')
    const first = await usableAfter(store, bundles, trust, now)
    const end = first === undefined ? 1 : first.at + 1
    const gone = bundles.slice(0, end)
    const rest = bundles.slice(end)
    const raised = gone.filter((one) => isGenuine(store, one, trust)).map((one) => one.version)
    store.putRecord({ bundles: rest, floor: Math.max(floor, ...raised) })
    const next = await usableAfter(store, rest, trust, now)
    return { from: gone, ...(next && { to: next.bundle }) }
  })
}

function recordOf(store: BundleStore, anyVersion: boolean): BundleRecord {
  try {
    return store.read()
  } catch (error) {
    if (anyVersion) return emptyRecord
    throw error
  }
}

function refuseOrder(
  store: BundleStore,
  { bundles, floor }: BundleRecord,
  { version, sha256 }: InstalledBundle,
  { file, trust }: InstallRequest,
): void {
  const refuse = (code: 'bundle_withdrawn' | 'bundle_older' | 'bundle_conflict', why: string) =>
    new HunterError(code, `cannot install bundle ${file}, version ${version}: ${why}`)
  const genuine = bundles.filter((one) => isGenuine(store, one, trust))
  const [inForce] = genuine
  const same = genuine.find((one) => one.version === version)
  if (same && same.sha256 !== sha256) {
    const digests = `${sha256.slice(0, 16)}, that one ${same.sha256.slice(0, 16)}`
    throw refuse('bundle_conflict', `that version is installed with other content (this file is ${digests})`)
  }
  if (inForce && version < inForce.version) throw refuse('bundle_older', `version ${inForce.version} is in force`)
  if (version <= floor) throw refuse('bundle_withdrawn', `everything up to version ${floor} was rolled back here`)
}

async function usableAfter(
  store: BundleStore,
  bundles: readonly InstalledBundle[],
  trust: Trust,
  now: number,
): Promise<{ at: number; bundle: OpenedBundle } | undefined> {
  for (const [at, one] of bundles.entries()) {
    const bundle = await openInstalled(store, one, trust, now).catch(() => undefined)
    if (bundle) return { at, bundle }
  }
  return undefined
}
