/**
 * Building an indicator bundle: from directories laid out as iocs/ to signed bytes.
 *
 * `<campaign>/<set>.json` are sets, `yara/*.yar` rules, `places.json` places; schemas and everything else stay behind.
 * The files are checked as `threecx indicators check` checks them, and what was built is opened as a host would open
 * it, so that nothing is signed that a host refuses.
 */
import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { HunterError } from '../../domain/errors.ts'
import type { IndicatorSet } from '../../domain/indicator.ts'
import { codeOf, fileAt, filesBelow, folderAt, readBounded, shown } from '../files.ts'
import { examineFolder } from '../load.ts'
import { type Place, placesOf } from '../places.ts'
import { type IndicatorProblem, IndicatorsError } from '../problems.ts'
import type { SetContent } from '../set-text.ts'
import { decodeText } from '../text.ts'
import { joinBundle } from './container.ts'
import { type BundlePayload, type BundleRules, payloadFormat } from './content.ts'
import { publicKeyOf, signPayload } from './keys.ts'
import { type OpenedBundle, openBundle } from './open-bundle.ts'

/** What a bundle is built from. */
export interface BuildRequest {
  readonly directories: readonly string[]
  readonly name: string
  readonly version: number
  /** Unix seconds. */
  readonly created: number
  readonly expires?: number
  /** Least version of threecx-hunter. */
  readonly requires?: string
  /** Private keys; each signs. */
  readonly keys: readonly KeyObject[]
}

/** A built bundle, and what a host would make of it. */
export interface Built {
  readonly bytes: Uint8Array
  readonly bundle: OpenedBundle
}

const placesFile = 'places.json'

/** Builds and signs. Throws `IndicatorsError` for what is in the directories, `bundle_invalid` for the rest. */
export async function buildBundle(request: BuildRequest): Promise<Built> {
  const { directories, keys, created } = request
  const folders = directories.map(readFolder)
  const problems = folders.flatMap((folder) => folder.problems)
  if (problems.length > 0) throw new IndicatorsError(problems)
  const payload: BundlePayload = {
    format: payloadFormat,
    name: request.name,
    version: request.version,
    created: isoOf(created),
    ...(request.expires === undefined ? {} : { expires: isoOf(request.expires) }),
    ...(request.requires === undefined ? {} : { requires: { threecx: request.requires } }),
    sets: folders.flatMap((folder) => folder.sets.map(contentOf)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    rules: folders.flatMap((folder) => folder.rules).sort((a, b) => (a.name < b.name ? -1 : 1)),
    places: folders.flatMap((folder) => folder.places),
  }
  const bytes = signBundle(Buffer.from(`${JSON.stringify(payload)}\n`), keys)
  const trusted = keys.map((key) => ({ ...publicKeyOf(key), name: 'signer' }))
  const trust = { keys: new Map(trusted.map((key) => [key.id, key])), problems: [] }
  return { bytes, bundle: await openBundle(bytes, { file: request.name, trust, now: created }) }
}

/** Signs the bytes of a payload with every key. */
export function signBundle(payload: Uint8Array, keys: readonly KeyObject[]): Uint8Array {
  return joinBundle({ signatures: signPayload(payload, keys), payload })
}

interface Folder {
  readonly sets: readonly IndicatorSet[]
  readonly rules: readonly BundleRules[]
  readonly places: readonly Place[]
  readonly problems: readonly IndicatorProblem[]
}

function readFolder(directory: string): Folder {
  let names: string[]
  try {
    names = filesBelow(directory)
  } catch (cause) {
    throw new HunterError('usage', `cannot read ${shown(directory)} (${codeOf(cause)}); expected a directory`, {
      cause,
    })
  }
  const rules = names.filter((name) => /^yara\/[^/]+\.yara?$/.test(name)).map((name) => readRules(directory, name))
  const hasSets = names.some((name) => name.includes('/') && name.endsWith('.json'))
  const { sets, problems } =
    hasSets || rules.length === 0 ? examineFolder(folderAt(directory)) : { sets: [], problems: [] }
  const places = existsSync(join(directory, placesFile)) ? placesOf(fileAt(join(directory, placesFile))) : []
  return {
    sets,
    places,
    rules: rules.flatMap((one) => ('text' in one ? [one] : [])),
    problems: [...problems, ...rules.flatMap((one) => ('text' in one ? [] : [one]))],
  }
}

function readRules(directory: string, name: string): BundleRules | IndicatorProblem {
  const path = join(directory, name)
  const read = readBounded(path)
  const decoded = 'problem' in read ? read : decodeText(read.bytes)
  if ('problem' in decoded) return { file: shown(path), place: '', message: decoded.problem }
  return { name: name.replace(/^yara\/|\.yara?$/g, ''), text: decoded.text }
}

function contentOf({ id, title, source, indicators }: IndicatorSet): SetContent {
  return { id, title, source, indicators: indicators.map(({ id: _id, set: _set, ...rest }) => rest) }
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
