/**
 * What kind of program a file is, for which machine, from its first bytes.
 *
 * osqueryd hands the file to the kernel, which says no more than "Exec format error" when it is a script without an
 * interpreter, a program for another processor, or half a download. Read are a few fields of the header within the
 * bytes given; nothing is followed beyond them.
 * ELF: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html, PE: https://learn.microsoft.com/windows/win32/debug/pe-format
 */
import type { Platform } from '../domain/platform.ts'

/** Processor names as Node's `process.arch` has them. */
export type Processor = 'x64' | 'arm64' | 'ia32' | 'arm' | 'other'

/** What the first bytes say. */
export type BinaryFormat =
  | { readonly kind: 'elf' | 'pe' | 'macho'; readonly processors: readonly Processor[] }
  | { readonly kind: 'script'; readonly interpreter: string }
  | { readonly kind: 'empty' | 'unknown' | 'truncated' }

/** Bytes of the head that are wanted: PE headers lie behind a DOS program. */
export const headBytes = 4096

const elfMachines: Readonly<Record<number, Processor>> = { 62: 'x64', 183: 'arm64', 3: 'ia32', 40: 'arm' }
const peMachines: Readonly<Record<number, Processor>> = { 34404: 'x64', 43620: 'arm64', 332: 'ia32', 452: 'arm' }
const machoTypes: Readonly<Record<number, Processor>> = { 16777223: 'x64', 16777228: 'arm64', 7: 'ia32', 12: 'arm' }

/** Slices a universal Mach-O file is believed to have; Java class files share the magic and have more. */
const maxSlices = 16

/** Format of programs by platform. */
export const nativeKinds = { linux: 'elf', darwin: 'macho', windows: 'pe' } as const satisfies Record<Platform, string>

/** Whether a platform starts a program: `maybe` where an emulator may be installed. Scripts are not programs here. */
export function runsOn(format: BinaryFormat, platform: Platform, arch: string): 'yes' | 'maybe' | 'no' {
  if (!('processors' in format) || format.kind !== nativeKinds[platform]) return 'no'
  if (format.processors.some((one) => one === arch)) return 'yes'
  const canEmulate = platform !== 'linux' && arch === 'arm64' && format.processors.includes('x64')
  return canEmulate ? 'maybe' : 'no'
}

/** The format of a file that starts with `head`. */
export function binaryFormat(head: Uint8Array): BinaryFormat {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (head.length === 0) return { kind: 'empty' }
  if (head[0] === 0x23 && head[1] === 0x21) return { kind: 'script', interpreter: interpreterOf(head) }
  if (head.length < 4) return { kind: 'unknown' }
  const magic = view.getUint32(0)
  if (magic === 0x7f454c46) return elf(view)
  if (magic === 0xcffaedfe || magic === 0xcefaedfe) return thinMachO(view)
  if (magic === 0xcafebabe) return universalMachO(view)
  if (magic >>> 16 === 0x4d5a) return pe(view)
  return { kind: 'unknown' }
}

/** The first line of a script behind `#!`, as the kernel takes it: a CR at its end belongs to the name. */
function interpreterOf(head: Uint8Array): string {
  const line = new TextDecoder('latin1').decode(head.subarray(2, 256)).split('\n', 1)[0] ?? ''
  return line.replace(/^[ \t]+/, '').split(/[ \t]/, 1)[0] ?? ''
}

function elf(view: DataView): BinaryFormat {
  if (view.byteLength < 64) return { kind: 'truncated' }
  const isLittle = view.getUint8(5) === 1
  return { kind: 'elf', processors: [elfMachines[view.getUint16(18, isLittle)] ?? 'other'] }
}

function thinMachO(view: DataView): BinaryFormat {
  if (view.byteLength < 28) return { kind: 'truncated' }
  return { kind: 'macho', processors: [machoTypes[view.getUint32(4, true)] ?? 'other'] }
}

function universalMachO(view: DataView): BinaryFormat {
  if (view.byteLength < 8) return { kind: 'truncated' }
  const count = view.getUint32(4)
  if (count === 0 || count > maxSlices) return { kind: 'unknown' }
  if (view.byteLength < 8 + 20 * count) return { kind: 'truncated' }
  const processors = Array.from({ length: count }, (_, at) => machoTypes[view.getUint32(8 + 20 * at)] ?? 'other')
  return { kind: 'macho', processors }
}

function pe(view: DataView): BinaryFormat {
  if (view.byteLength < 64) return { kind: 'truncated' }
  const at = view.getUint32(60, true)
  if (at > headBytes - 6) return { kind: 'unknown' }
  if (at + 6 > view.byteLength) return { kind: 'truncated' }
  if (view.getUint32(at) !== 0x50450000) return { kind: 'unknown' }
  return { kind: 'pe', processors: [peMachines[view.getUint16(at + 4, true)] ?? 'other'] }
}
