/**
 * The version resource of a PE image: what Explorer shows under "Details".
 *
 * Every affected Windows build states its release here (`OriginalFilename` 3CXDesktopApp.exe, `ProductName` 3CX
 * Desktop App, `FileVersion` 18.12.416). A tree of records, each with a length, a key and a value, all aligned to four
 * bytes. Compilers disagree on whether a value's length counts bytes or characters, so a value ends at its NUL or
 * with its record. Of several languages the first to state a key wins.
 * https://learn.microsoft.com/windows/win32/menurc/vs-versioninfo
 */
import type { BoundedFile } from './bounded-file.ts'
import { alignUp, Bytes, utf16Text } from './bytes.ts'
import type { PeImage } from './pe.ts'
import { readResource } from './pe-resource.ts'
import { type Refusal, refuse } from './refusal.ts'

/** What a version resource says. */
export interface PeVersion {
  /** The binary file version, `a.b.c.d`; absent when the fixed block is missing. */
  readonly fileVersion?: string
  /** The binary product version, `a.b.c.d`. */
  readonly productVersion?: string
  /** The strings by key: ProductName, OriginalFilename, FileVersion, CompanyName and whatever else is there. */
  readonly strings: Readonly<Record<string, string>>
}

/** RT_VERSION. */
const versionType = 16
/** A version resource with every string in thirty languages stays below; real ones have about 1 KB. */
const maxResource = 64 << 10
const maxStrings = 128
/** Characters of a key: the longest defined one has 16. */
const maxKey = 64

/** Finds and reads the version resource; undefined when the image has none. */
export async function readPeVersion(file: BoundedFile, image: PeImage): Promise<PeVersion | Refusal | undefined> {
  const resource = await readResource(file, image, versionType, maxResource)
  return resource instanceof Uint8Array ? parseVersionInfo(resource) : resource
}

/** Parses the bytes of a VS_VERSIONINFO structure. */
export function parseVersionInfo(resource: Uint8Array): PeVersion | Refusal {
  const bytes = new Bytes(resource)
  const root = readRecord(bytes, 0, bytes.length)
  if (root?.key !== 'VS_VERSION_INFO') return refuse('damaged version resource: no VS_VERSION_INFO at its start')
  const isFixed = root.valueLength >= 52 && bytes.u32(root.valueAt) === 0xfeef04bd
  const fixed = isFixed && {
    fileVersion: fixedVersion(bytes, root.valueAt + 8),
    productVersion: fixedVersion(bytes, root.valueAt + 16),
  }
  return { ...fixed, strings: readStrings(bytes, root) }
}

interface VersionRecord {
  readonly key: string
  readonly valueAt: number
  /** As stored: bytes for binary values, characters (or bytes) for text. */
  readonly valueLength: number
  readonly end: number
}

function readStrings(bytes: Bytes, root: VersionRecord): Record<string, string> {
  const strings = new Map<string, string>()
  for (const info of recordsIn(bytes, root.valueAt + root.valueLength, root.end)) {
    if (info.key !== 'StringFileInfo') continue
    for (const language of recordsIn(bytes, info.valueAt, info.end)) {
      for (const one of recordsIn(bytes, language.valueAt, language.end)) {
        if (strings.size < maxStrings && !strings.has(one.key)) {
          strings.set(one.key, characters(bytes, one.valueAt, one.end))
        }
      }
    }
  }
  // fromEntries defines own properties, so a key named __proto__ is only a key.
  return Object.fromEntries(strings)
}

/** Records that follow one another; each is at least six bytes, so this ends. */
function* recordsIn(bytes: Bytes, start: number, end: number): Generator<VersionRecord> {
  for (let at = alignUp(start, 4); at < end; ) {
    const record = readRecord(bytes, at, end)
    if (!record) return
    yield record
    at = alignUp(record.end, 4)
  }
}

function readRecord(bytes: Bytes, at: number, limit: number): VersionRecord | undefined {
  const length = bytes.u16(at)
  const valueLength = bytes.u16(at + 2)
  if (length === undefined || valueLength === undefined || length < 6) return undefined
  const end = Math.min(at + length, limit)
  const key = characters(bytes, at + 6, Math.min(end, at + 6 + maxKey * 2))
  return { key, valueAt: alignUp(at + 6 + (key.length + 1) * 2, 4), valueLength, end }
}

/** UTF-16 text up to its NUL or `end`. */
function characters(bytes: Bytes, at: number, end: number): string {
  let stop = at
  while (stop + 2 <= end && bytes.u16(stop)) stop += 2
  return utf16Text(bytes.slice(at, stop - at) ?? new Uint8Array(0), true)
}

function fixedVersion(bytes: Bytes, at: number): string {
  const high = bytes.u32(at) ?? 0
  const low = bytes.u32(at + 4) ?? 0
  return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join('.')
}
