/**
 * Goes through the slices of a Mach-O file for a decoder, each by itself.
 *
 * A damaged slice becomes a refusal and hides no other. A hostile table may name one place many times; it is examined
 * once. Java classes share the magic of universal files and are nothing to a decoder.
 */
import { type Examination, joined } from '../domain/examination.ts'
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import { cpuName, type MachOImage, type MachOSlice, readMachO } from './macho.ts'
import { isRefusal, type Refusal } from './refusal.ts'

/** Everything `examine` says of the sound slices; undefined for a Java class. */
export async function examineSlices(
  file: BoundedFile,
  examine: (slice: MachOSlice, image: MachOImage) => Promise<Examination>,
): Promise<Examination | Refusal | undefined> {
  if (await isJavaClass(file)) return undefined
  const macho = await readMachO(file)
  if (isRefusal(macho)) return macho
  const seen: Examination[] = []
  const places = new Set<string>()
  for (const slice of macho.slices) {
    const place = `${slice.offset} ${slice.size}`
    if (places.has(place)) continue
    places.add(place)
    const { image } = slice
    if (isRefusal(image)) seen.push(refused(slice, image.problem))
    else seen.push(await examine(slice, image))
  }
  return joined(seen)
}

/** An examination that says only why a slice could not be read. */
export function refused(slice: MachOSlice, problem: string): Examination {
  return { traits: [], payloads: [], refusals: [`${cpuName(slice.cpuType)}: ${problem}`] }
}

/** Where universal files have the number of slices, classes have their version: 45 for the first Java, and up. */
async function isJavaClass(file: BoundedFile): Promise<boolean> {
  const head = await file.read(0, 8)
  const bytes = head && new Bytes(head, false)
  const version = bytes?.u16(6) ?? 0
  return bytes?.u32(0) === 0xcafebabe && version >= 45 && version < 200
}
