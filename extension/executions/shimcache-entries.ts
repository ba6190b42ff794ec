/**
 * Entries of the value AppCompatCache, in the forms of Windows 7, 8, 8.1 and 10: paths with the time of the file, and
 * up to 8.1 whether the program ran. Total over its bytes.
 *
 * The forms are those that Mandiant described in its paper on the cache (2012), and the documentation of winreg-kb.
 */
import type { Bytes } from '../decoders/bytes.ts'
import { windowsTime } from './windows-time.ts'

/** One entry. */
export interface ShimEntry {
  readonly path: string
  /** Last change of the file, unix seconds. */
  readonly modified: number | undefined
  /** Undefined where the form does not tell. */
  readonly hasRun: boolean | undefined
}

/** Windows keeps 1,024. */
const maxEntries = 4096
const ranFlag = 0x2
const magic7 = 0xbadc0fee
const tag80 = 0x73743030 // 00ts
const tag = 0x73743031 // 10ts

/** The entries in the order of the cache; undefined for a form that is not known. */
export function shimEntries(bytes: Bytes): ShimEntry[] | undefined {
  const first = bytes.u32(0)
  if (first === magic7) return entries7(bytes)
  if (bytes.u32(128) === tag80 || bytes.u32(128) === tag) return tagged(bytes, 128, true)
  if (first === 0x30 || first === 0x34) return tagged(bytes, first, false)
  return undefined
}

/** Windows 7: records of one width that point at their paths; 64 bits wide where the high half of a pointer is none. */
function entries7(bytes: Bytes): ShimEntry[] {
  const count = Math.min(bytes.u32(4) ?? 0, maxEntries)
  const isWide = bytes.u32(128 + 4) === 0
  const width = isWide ? 48 : 32
  const found: ShimEntry[] = []
  for (let i = 0; i < count; i++) {
    const at = 128 + i * width
    const path = wide(bytes, bytes.u32(at + (isWide ? 8 : 4)), bytes.u16(at))
    const flags = bytes.u32(at + (isWide ? 24 : 16))
    if (path === undefined || flags === undefined) break
    const modified = windowsTime(bytes, at + (isWide ? 16 : 8))
    found.push({ path, modified, hasRun: (flags & ranFlag) !== 0 })
  }
  return found
}

/** Windows 8 and later: entries behind each other, each with a tag and its size. */
function tagged(bytes: Bytes, start: number, hasFlags: boolean): ShimEntry[] {
  const found: ShimEntry[] = []
  for (let at = start; found.length < maxEntries; ) {
    const mark = bytes.u32(at)
    const size = bytes.u32(at + 8)
    const length = bytes.u16(at + 12)
    if ((mark !== tag && mark !== tag80) || size === undefined || length === undefined || size < length) break
    const path = wide(bytes, at + 14, length)
    if (path === undefined) break
    let behind = at + 14 + length
    if (hasFlags && mark === tag) behind += 2 + (bytes.u16(behind) ?? 0) // the package of a store app
    const flags = hasFlags ? bytes.u32(behind) : undefined
    const modified = windowsTime(bytes, behind + (hasFlags ? 8 : 0))
    found.push({ path, modified, hasRun: flags === undefined ? undefined : (flags & ranFlag) !== 0 })
    at += 12 + size
  }
  return found
}

function wide(bytes: Bytes, at: number | undefined, length: number | undefined): string | undefined {
  if (at === undefined || length === undefined) return undefined
  const text = bytes.slice(at, length)
  return text && new TextDecoder('utf-16le').decode(text)
}
