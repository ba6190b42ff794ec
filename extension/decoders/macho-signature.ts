/**
 * The code directory of a Mach-O signature: identifier, team, and whether it is ad hoc.
 *
 * The second stage for macOS carries an ad-hoc signature whose identifier is as good as a digest. Hashes, entitlements
 * and the CMS signature are not read; nothing is verified. All numbers are big-endian.
 * https://github.com/apple-oss-distributions/xnu/blob/main/osfmk/kern/cs_blobs.h
 */
import type { BoundedFile } from './bounded-file.ts'
import { Bytes } from './bytes.ts'
import { type Refusal, refuse } from './refusal.ts'

/** What a code directory says. */
export interface MachOSignature {
  readonly identifier: string
  readonly isAdHoc: boolean
  /** Apple's team identifier; absent when ad hoc. */
  readonly team?: string
}

const superBlobMagic = 0xfade0cc0
const codeDirectoryMagic = 0xfade0c02
const adHocFlag = 0x2
/** Version from which a code directory has a team. */
const teamVersion = 0x20200
/** Signatures have five to eight blobs. */
const maxBlobs = 64
/** Header and texts; the hashes that follow are not wanted. Identifiers are reverse domain names. */
const maxDirectory = 1024
const maxText = 256

/** Reads the signature at `offset`. */
export async function readMachOSignature(
  file: BoundedFile,
  offset: number,
  size: number,
): Promise<MachOSignature | Refusal> {
  const start = size >= 12 ? await file.read(offset, Math.min(size, 12 + maxBlobs * 8)) : undefined
  if (!start) return refuse('damaged Mach-O signature: it lies outside the file')
  const blobs = new Bytes(start, false)
  if (blobs.u32(0) !== superBlobMagic) return refuse('damaged Mach-O signature: no embedded signature magic')
  const count = Math.min(blobs.u32(8) ?? 0, maxBlobs)
  for (let i = 0; i < count; i++) {
    const at = blobs.u32(12 + i * 8 + 4)
    // Slot 0 is the code directory; others hold requirements, entitlements and the CMS signature.
    if (blobs.u32(12 + i * 8) !== 0 || at === undefined || at >= size) continue
    const directory = await file.read(offset + at, Math.min(size - at, maxDirectory))
    return directory ? parseCodeDirectory(directory) : refuse('damaged Mach-O signature: no code directory')
  }
  return refuse('damaged Mach-O signature: no code directory')
}

function parseCodeDirectory(directory: Uint8Array): MachOSignature | Refusal {
  const bytes = new Bytes(directory, false)
  const identifier = bytes.text(bytes.u32(20) ?? 0, maxText)
  if (bytes.u32(0) !== codeDirectoryMagic || identifier === undefined) {
    return refuse('damaged Mach-O signature: no code directory')
  }
  const teamAt = (bytes.u32(8) ?? 0) >= teamVersion ? bytes.u32(48) : 0
  const team = teamAt ? bytes.text(teamAt, maxText) : undefined
  return {
    identifier,
    isAdHoc: ((bytes.u32(12) ?? 0) & adHocFlag) !== 0,
    ...(team && { team }),
  }
}
