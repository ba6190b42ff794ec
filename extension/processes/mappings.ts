/**
 * What a process has mapped, from /proc/PID/maps: code that belongs to no file, and files by name. proc_pid_maps(5).
 *
 * A browser has some ten thousand lines, a hostile process as many as the kernel allows; only those that matter are
 * kept, and the list is read in the kernel's own pieces.
 */
import { open } from 'node:fs/promises'
import { pathFromBytes } from '../domain/path-text.ts'

/** One mapping. */
export interface Mapping {
  readonly start: bigint
  readonly end: bigint
  /** `rwxp` */
  readonly permissions: string
  readonly inode: bigint
  /** The file as its process names it; empty for memory of no file; `[heap]` and the like. */
  readonly path: string
  readonly isDeleted: boolean
}

/** The mappings that matter. */
export interface Mappings {
  /** Executable and of no file, of one in memory, or of one that was removed; writable ones first. */
  readonly code: readonly Mapping[]
  /** Of files whose base name was asked for, one per file. */
  readonly files: readonly Mapping[]
  /** Whether there is more than the bounds allow. */
  readonly isCut: boolean
}

/** How much may be read and kept. */
export interface MappingBounds {
  readonly maxMapsBytes: number
  readonly maxMappings: number
}

const deletedMark = ' (deleted)'
/** The kernel's own pages in every process. */
const kernelPages = /^\[(vdso|vvar|vvar_vclock|vsyscall|uprobes)\]$/
/** A path has 4095 bytes, each at most four characters long here. */
const maxLine = 32 * 1024
const pieceBytes = 64 * 1024

/** Reads the mappings of a process. `names` are lower-case base names. */
export async function readMappings(
  path: string,
  names: ReadonlySet<string>,
  bounds: MappingBounds,
  signal: AbortSignal,
): Promise<Mappings> {
  const code: Mapping[] = []
  const files = new Map<string, Mapping>()
  let isCut = false
  const add = (line: string) => {
    const mapping = parse(line, names)
    if (!mapping) return
    const isCode = mapping.permissions[2] === 'x' && isOfNoFile(mapping)
    if (isCode && code.length < bounds.maxMappings) code.push(mapping)
    else if (isCode) isCut = true
    if (!names.has(base(mapping.path))) return
    const key = `${mapping.inode} ${mapping.path}`
    if (!files.has(key) && files.size < bounds.maxMappings) files.set(key, mapping)
  }
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(pieceBytes)
    let rest = ''
    let left = bounds.maxMapsBytes
    for (;;) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, pieceBytes, null)
      if (bytesRead === 0) break
      const lines = (rest + buffer.toString('latin1', 0, bytesRead)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) add(line)
      left -= bytesRead
      if (left <= 0 || rest.length > maxLine) {
        isCut = true
        break
      }
    }
    if (!isCut && rest !== '') add(rest)
  } finally {
    await file.close()
  }
  const isWritable = (mapping: Mapping) => Number(mapping.permissions[1] === 'w')
  return { code: code.sort((a, b) => isWritable(b) - isWritable(a)), files: [...files.values()], isCut }
}

/** Looks at a line before taking it apart: nearly all are neither executable nor of a file that is sought. */
function parse(line: string, names: ReadonlySet<string>): Mapping | undefined {
  const at = line.indexOf(' ')
  const isExecutable = line[at + 3] === 'x'
  if (!isExecutable && (!line.includes('/') || !names.has(base(line.replace(/ \(deleted\)$/, ''))))) return undefined
  const [, start, end, permissions, inode, name = ''] =
    /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][ps]) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d{1,20})(?: +(.*))?$/s.exec(
      line,
    ) ?? []
  if (start === undefined || end === undefined || permissions === undefined || inode === undefined) return undefined
  const isDeleted = name.endsWith(deletedMark)
  const bytes = Buffer.from(isDeleted ? name.slice(0, -deletedMark.length) : name, 'latin1')
  const path = pathFromBytes(bytes).replaceAll('\\012', '\n')
  return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), permissions, inode: BigInt(inode), path, isDeleted }
}

function isOfNoFile({ path, inode, isDeleted }: Mapping): boolean {
  return isDeleted || path.startsWith('/memfd:') || (inode === 0n && !kernelPages.test(path))
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).toLowerCase()
}

/** A mapping in one line, for a person. */
export function mappingText({ start, end, permissions, path, isDeleted }: Mapping): string {
  const file = path === '' ? 'anonymous' : path
  return `${start.toString(16)}-${end.toString(16)} ${permissions} ${file}${isDeleted ? deletedMark : ''}`
}
