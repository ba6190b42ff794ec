/**
 * The record of installed bundles: which there are, newest first, and the floor below which nothing is installed.
 *
 * One small JSON file beside the bundles; replacing it is the moment an installation or a rollback takes place. Read
 * without the schema library, because every start of the extension reads it.
 */
import { isRecord, parseJson } from '../text.ts'

/** An installed bundle. */
export interface InstalledBundle {
  readonly version: number
  readonly name: string
  /** Of the file, hex. */
  readonly sha256: string
  /** Unix seconds. */
  readonly installed: number
  /** The check its content passed (`payload.ts`). */
  readonly checked: string
}

/** Everything that is remembered. */
export interface BundleRecord {
  /** Newest installation first. */
  readonly bundles: readonly InstalledBundle[]
  /** Versions at or below it are not installed: they were rolled back, or came before one that was. */
  readonly floor: number
}

/** Nothing was ever installed. */
export const emptyRecord: BundleRecord = { bundles: [], floor: 0 }

/** Bundles that are kept: the one in force and two to go back to. */
export const maxKept = 3

/** Bytes of the record; three bundles take one kilobyte. */
export const maxRecordBytes = 16 << 10

/** The record as text. */
export function recordText(record: BundleRecord): string {
  return `${JSON.stringify({ format: 1, ...record }, undefined, 2)}\n`
}

/** The record a text holds. Throws with the reason. */
export function readRecordText(text: string): BundleRecord {
  const json = parseJson(text)
  if ('problem' in json) throw new Error(json.problem)
  const { value } = json
  if (!isRecord(value) || value['format'] !== 1) throw new Error('it is not a record of format 1')
  const { bundles, floor } = value
  if (!isCount(floor)) throw new Error('floor is no version')
  if (!Array.isArray(bundles) || bundles.length > maxKept) throw new Error(`bundles is no list of up to ${maxKept}`)
  return { floor, bundles: bundles.map(readInstalled) }
}

function readInstalled(value: unknown): InstalledBundle {
  if (!isRecord(value)) throw new Error('a bundle is no object')
  const { version, name, sha256, installed, checked } = value
  if (!isCount(version) || !isCount(installed)) throw new Error('a bundle has no version or time')
  if (typeof name !== 'string' || typeof checked !== 'string') throw new Error('a bundle has no name')
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw new Error('a bundle has no digest')
  return { version, name, sha256, installed, checked }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
