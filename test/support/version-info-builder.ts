/**
 * Version resources of PE files: VS_VERSIONINFO with one language.
 * https://learn.microsoft.com/windows/win32/menurc/vs-versioninfo
 */
import { join, le, padTo, utf16, zeros } from './byte-writer.ts'

/** What the resource shall say. */
export interface VersionInfo {
  /** Four numbers for the binary block; left out when absent. */
  readonly fixed?: readonly [number, number, number, number]
  readonly strings: Readonly<Record<string, string>>
}

/** Builds the resource. */
export function versionInfo(info: VersionInfo): Uint8Array {
  const strings = Object.entries(info.strings).map(([key, value]) =>
    record(key, 1, utf16(`${value}\0`), value.length + 1, []),
  )
  const languages = record('040904b0', 1, zeros(0), 0, strings)
  const translation = record('Translation', 0, join(le(0x0409, 2), le(0x04b0, 2)), 4, [])
  const children = [
    record('StringFileInfo', 1, zeros(0), 0, [languages]),
    record('VarFileInfo', 1, zeros(0), 0, [translation]),
  ]
  const fixed = info.fixed ? fixedInfo(info.fixed) : zeros(0)
  return record('VS_VERSION_INFO', 0, fixed, fixed.length, children)
}

/** One record: length, value length, type, key, value, children, everything on four bytes. */
export function record(
  key: string,
  type: number,
  value: Uint8Array,
  valueLength: number,
  children: readonly Uint8Array[],
): Uint8Array {
  // The length word is part of the alignment, so the key is padded as if it followed six bytes.
  const head = padTo(join(zeros(6), utf16(`${key}\0`)), 4)
  const body = children.length > 0 ? padTo(join(head, value), 4) : join(head, value)
  const whole = join(body, ...children.map((child, i) => (i < children.length - 1 ? padTo(child, 4) : child)))
  whole.set(join(le(whole.length, 2), le(valueLength, 2), le(type, 2)), 0)
  return whole
}

function fixedInfo([a, b, c, d]: readonly [number, number, number, number]): Uint8Array {
  const version = join(le(b, 2), le(a, 2), le(d, 2), le(c, 2))
  return join(
    le(0xfeef04bd, 4),
    le(0x10000, 4),
    version,
    version,
    le(0x3f, 4),
    zeros(4),
    le(0x40004, 4),
    le(1, 4),
    zeros(12),
  )
}
