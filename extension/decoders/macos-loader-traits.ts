/**
 * The loader in the trojanised libffmpeg.dylib: its texts under a one-byte key, and imports that no media library has.
 *
 * Only one slice of the published universal file carries it, so every slice is examined by itself. The published key is
 * 0x7A; a build with another key is found as well, because the search does not depend on it. One text under a key
 * proves nothing: other programs hide their user agent, and rules against the loader hold its texts. Two are wanted,
 * among them one that belongs to this campaign.
 * Facts: NCSC "Smooth Operator" (2023-06-29), https://objective-see.org/blog/blog_0x73.html
 */
import { type Examination, joined, nothingSeen } from '../domain/examination.ts'
import type { BoundedFile } from './bounded-file.ts'
import type { FileHints } from './decoder.ts'
import { cpuName, type MachOSlice } from './macho.ts'
import { examineSlices, refused } from './macho-slices.ts'
import { examineImports, isMediaLibrary } from './macos-imports.ts'
import { texts } from './macos-loader-texts.ts'
import type { Refusal } from './refusal.ts'
import { keyText, urlsIn, xorPayload } from './xor-payload.ts'
import { recordsOf } from './xor-records.ts'
import { findMarkers, type Marker, type MarkerHit, searchEnded } from './xor-strings.ts'
import { type EncodedText, textAt } from './xor-text.ts'

type TextName = keyof typeof texts

const markers: readonly Marker[] = Object.entries(texts).flatMap(([name, some]) =>
  some.map((text) => ({ name, text, when: name === 'files' ? 'either' : 'encoded' })),
)
/** Found in nothing but this campaign; the others are ordinary texts in an unordinary form. */
const ownTexts: ReadonlySet<string> = new Set(['cookie', 'support_folder', 'files'] satisfies TextName[])
/** Keys whose texts are read. A build has one. */
const maxKeys = 4

/** What every slice of a file shows. */
export function readLoader(file: BoundedFile, { filename }: FileHints): Promise<Examination | Refusal | undefined> {
  return examineSlices(file, async (slice, image) => {
    const imports = isMediaLibrary(filename, image) ? await examineImports(file, slice, image) : nothingSeen
    return joined([imports, await examineTexts(file, slice)])
  })
}

async function examineTexts(file: BoundedFile, slice: MachOSlice): Promise<Examination> {
  const cpu = cpuName(slice.cpuType)
  const { hits, isComplete } = await findMarkers(file, slice.offset, slice.size, markers)
  const plain = [...new Set(hits.filter(({ key }) => key === 0).map(({ marker }) => marker.text))]
  const seen: Examination[] = [isComplete ? nothingSeen : refused(slice, searchEnded(slice.size))]
  for (const [key, found] of tellingKeys(hits, plain.length > 0)) {
    const payload = xorPayload(await readTexts(file, slice, found), key, cpu)
    if (!payload) continue
    const fields = { key: keyText(key), cpu, encoded: kindsOf(found).join(','), plain: plain.join(',') }
    const { offset, length } = payload
    seen.push({ traits: [{ name: 'macos_loader_strings', offset, length, fields }], payloads: [payload], refusals: [] })
  }
  return joined(seen)
}

/** The texts around the hits. Around a marker of an address only an address counts. */
async function readTexts(file: BoundedFile, slice: MachOSlice, hits: readonly MarkerHit[]): Promise<EncodedText[]> {
  const read = new Map<EncodedText, MarkerHit>()
  for (const hit of hits) {
    const text = await textAt(file, hit, slice.offset, slice.size)
    if (text) read.set(text, hit)
  }
  const isAddress = (text: EncodedText) => read.get(text)?.marker.name === 'address'
  const addresses = recordsOf([...read.keys()].filter(isAddress), hits[0]?.key ?? 0)
  const others = [...read.keys()].filter((text) => !isAddress(text))
  return [...others, ...addresses.filter(({ text }) => urlsIn([text]).length > 0)]
}

/** Keys under which the loader's texts stand, those with most kinds of text first, each with its hits. */
function tellingKeys(hits: readonly MarkerHit[], hasPlain: boolean): readonly [number, readonly MarkerHit[]][] {
  const byKey = new Map<number, MarkerHit[]>()
  for (const hit of hits) {
    const some = byKey.get(hit.key)
    if (some) some.push(hit)
    else byKey.set(hit.key, [hit])
  }
  byKey.delete(0)
  return [...byKey]
    .filter(([, some]) => isTelling(kindsOf(some), hasPlain))
    .sort(([, a], [, b]) => kindsOf(b).length - kindsOf(a).length)
    .slice(0, maxKeys)
}

function kindsOf(hits: readonly MarkerHit[]): readonly string[] {
  return [...new Set(hits.map(({ marker }) => marker.name))].filter((name) => name !== 'address')
}

/** The plain names of the loader's files support what stands under a key, and are nothing by themselves. */
function isTelling(kinds: readonly string[], hasPlain: boolean): boolean {
  const hasOwn = kinds.some((name) => ownTexts.has(name))
  return kinds.length >= 2 ? hasOwn || hasPlain : hasOwn && hasPlain
}
