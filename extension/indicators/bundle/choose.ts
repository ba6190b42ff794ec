/**
 * Which of the installed bundles is in force: the newest installation that may be used, else the program's own data.
 *
 * Everything is verified anew at every look: the digest in the record, the signature against the keys trusted now, the
 * expiry. What is not repeated is the check of the content, when the record says that this program made it; the record
 * lies where only the owner of the process writes, and even he can only spare himself the check of signed content. A
 * bundle that cannot be used is told, never an error: a host without indicators is worse than one with older ones.
 */
import type { BundleStatus, BundleTrouble } from '../../domain/bundle.ts'
import { HunterError } from '../../domain/errors.ts'
import { splitBundle } from './container.ts'
import { digestOf, type OpenedBundle, openBundle, signers } from './open-bundle.ts'
import { checkedBy } from './payload.ts'
import type { InstalledBundle } from './record.ts'
import type { BundleStore } from './store.ts'
import { readTrust, type Trust } from './trust.ts'

/** What is in force, and what is said of it. */
export interface BundleChoice {
  readonly status: BundleStatus
  /** Absent: the program's own data. */
  readonly bundle?: OpenedBundle
}

/** Nothing but the program's own data, on purpose. */
export const noBundle: BundleChoice = Object.freeze({ status: Object.freeze({ state: 'off', troubles: [] }) })

/** Chooses among the installed bundles. Never throws. */
export async function chooseBundle(
  store: BundleStore,
  trustPaths: readonly string[],
  now: number,
): Promise<BundleChoice> {
  const troubles: BundleTrouble[] = []
  let bundles: readonly InstalledBundle[] = []
  try {
    bundles = store.read().bundles
  } catch (error) {
    troubles.push(troubleOf(error))
  }
  const trust = bundles.length > 0 ? readTrust(trustPaths) : undefined
  for (const installed of trust === undefined ? [] : bundles) {
    try {
      const bundle = await openInstalled(store, installed, trust as Trust, now)
      return { bundle, status: statusOf(troubles.length === 0 ? 'in_force' : 'fallback', troubles, bundle) }
    } catch (error) {
      troubles.push({ ...troubleOf(error), version: installed.version })
    }
  }
  return { status: statusOf(troubles.length === 0 ? 'none' : 'failed', troubles, undefined) }
}

/**
 * Remembers that this program checked the content of the bundle in force, which it has not when it was updated since
 * the installation. A store that is not ours, or is being changed, is left alone: the next start checks again.
 */
export async function noteChecked(store: BundleStore, { bundle }: BundleChoice): Promise<void> {
  const isNews = (one: InstalledBundle) => one.sha256 === bundle?.sha256 && one.checked !== checkedBy
  try {
    if (!store.read().bundles.some(isNews)) return
    await store.alone(async () => {
      const record = store.read()
      const bundles = record.bundles.map((one) => (isNews(one) ? { ...one, checked: checkedBy } : one))
      store.putRecord({ ...record, bundles })
    }, 0)
  } catch {
    // it only costs the next start a check
  }
}

/** Opens an installed bundle. Throws one of the `bundle_...` errors. */
export async function openInstalled(
  store: BundleStore,
  installed: InstalledBundle,
  trust: Trust,
  now: number,
): Promise<OpenedBundle> {
  const bytes = intactBytes(store, installed)
  const isChecked = installed.checked === checkedBy
  return await openBundle(bytes, { file: store.fileOf(installed), trust, now, isChecked })
}

/** Whether an installed bundle is intact and signed by a key trusted now, whatever its time: then it sets the order. */
export function isGenuine(store: BundleStore, installed: InstalledBundle, trust: Trust): boolean {
  try {
    const file = store.fileOf(installed)
    return signers(splitBundle(intactBytes(store, installed), file), trust, file).length > 0
  } catch {
    return false
  }
}

/** The bytes of an installed bundle, if they are those that were installed. Throws `bundle_damaged`. */
export function intactBytes(store: BundleStore, installed: InstalledBundle): Uint8Array {
  const bytes = store.bytesOf(installed)
  if (digestOf(bytes) === installed.sha256) return bytes
  const message = `cannot use bundle ${store.fileOf(installed)}: it is not the file that was installed`
  throw new HunterError('bundle_damaged', message)
}

/** A status with what there is to say of the bundle. */
export function statusOf(
  state: BundleStatus['state'],
  troubles: readonly BundleTrouble[],
  bundle: OpenedBundle | undefined,
): BundleStatus {
  if (bundle === undefined) return { state, troubles }
  const { name, version, created, expires } = bundle.content
  const signedBy = bundle.signedBy.map((key) => key.name)
  const { sha256 } = bundle
  return { state, troubles, bundle: { name, version, created, signedBy, sha256, ...(expires && { expires }) } }
}

function troubleOf(error: unknown): BundleTrouble {
  const message = error instanceof Error ? error.message : String(error)
  return { code: error instanceof HunterError ? error.code : 'internal', message }
}
