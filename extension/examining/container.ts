/**
 * Installers: their members go through the same decoders and rules as files on the disk.
 *
 * A member has a digest like any file, and is compared like any file; only those that the attack is about come out
 * whole, in memory, to be decoded. Nothing is unpacked to the disk. What cannot be opened is said, and the digest of
 * the installer still counts.
 */
import type { FileHints } from '../decoders/decoder.ts'
import { decodersFor, examineFile } from '../decoders/examine.ts'
import { readProduct } from '../decoders/product.ts'
import { type Examination, joined, nothingSeen } from '../domain/examination.ts'
import { fileKind, magics } from '../domain/file-kind.ts'
import type { Product } from '../domain/product.ts'
import type { ContainerMember, WantedMember } from '../native/engine.ts'
import type { RuleMatch, RuleSearch } from '../rules/rule-search.ts'
import { memoryFile } from './buffered-file.ts'

/** One member that an indicator could mean. */
export interface ExaminedMember {
  readonly path: string
  /** Absent: it could not be read whole. */
  readonly sha256?: string
  readonly product?: Product
}

/** What was seen inside a container. */
export interface SeenInside {
  readonly examination: Examination
  readonly rules: readonly RuleMatch[]
  readonly members: readonly ExaminedMember[]
}

/** "3CXDesktopApp" and "3CX Desktop App": packages keep names of files and products unpacked. */
export const packageNeedles = ['3343584465736b746f70417070', '334358204465736b746f7020417070'] as const

/** Members that come out whole: programs and libraries under whatever name, and what bundles say of themselves. */
export const wantedMembers: readonly WantedMember[] = [
  { pattern: '**', magics: [...magics.pe, ...magics.macho] },
  { pattern: '**/Info.plist' },
]

/**
 * What comes out is in memory all at once. The largest library of the attack has some 10 MB, and all libraries of an
 * app of this kind together 25 MB; its main program, of 150 MB, is compared by its digest alone.
 */
export const memberLimits = { wantedBytes: 12 << 20, wantedTotalBytes: 48 << 20 } as const

/** A disk image of an app of this kind has some 150 MB; of an installer 100. */
const maxContainerBytes = 1 << 30

/** What kind of container a file may be; undefined: none. Disk images have no magic, so their name tells. */
export function containerKind({ kind, filename, size }: FileHints): 'package' | 'disk_image' | undefined {
  if (size > maxContainerBytes) return undefined
  if (kind === 'zip' || kind === 'ole') return 'package'
  return /\.dmg$/i.test(filename) ? 'disk_image' : undefined
}

/** Examines the members that came out whole, and lists all. */
export async function examineMembers(members: readonly ContainerMember[], rules: RuleSearch): Promise<SeenInside> {
  const seen: Examination[] = []
  const matches: RuleMatch[] = []
  const listed: ExaminedMember[] = []
  for (const member of members) {
    const { path, sha256, bytes } = member
    if (!bytes) {
      if (sha256 !== undefined) listed.push({ path, sha256 })
      continue
    }
    const hints = hintsOf(member)
    const file = memoryFile(bytes)
    const product = await readProduct(file, { filename: hints.filename, head: member.head })
    listed.push({ path, ...(sha256 !== undefined && { sha256 }), ...(product && { product }) })
    seen.push(insideOf(path, await examineFile(file, hints, decodersFor(hints))))
    const has = (needles: readonly string[]) =>
      needles.some((hex) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(hex, 0, 'hex'))
    if (rules.mayMatch(hints.kind, hints.size, has)) {
      matches.push(...(await rules.scan(bytes)).map((match) => ({ ...match, member: path })))
    }
  }
  return { examination: seen.length === 0 ? nothingSeen : joined(seen), rules: matches, members: listed }
}

function hintsOf({ path, size, head }: ContainerMember): FileHints {
  return { filename: path.slice(path.lastIndexOf('/') + 1), path, kind: fileKind(head), size }
}

/** What was seen, as seen inside a member. */
function insideOf(member: string, { traits, payloads, refusals }: Examination): Examination {
  return {
    traits: traits.map((one) => ({ ...one, member })),
    payloads: payloads.map((one) => ({ ...one, member })),
    refusals: refusals.map((one) => `${member}: ${one}`),
  }
}
