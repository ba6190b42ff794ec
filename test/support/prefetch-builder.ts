/**
 * Prefetch files of every version, from what they say.
 */
import { field, join, le, utf16, zeros } from './byte-writer.ts'
import { mamPacked } from './xpress-packer.ts'

/** What a file says. */
export interface PrefetchShape {
  readonly version?: 17 | 23 | 26 | 30 | 31
  readonly program: string
  /** Unix seconds, the latest first. */
  readonly runs: readonly number[]
  readonly count: number
  readonly files: readonly string[]
  /** Whether version 30 is of the earlier builds. */
  readonly isEarly?: boolean
}

/** FILETIME of unix seconds. */
export function filetime(seconds: number): Uint8Array {
  return le((BigInt(seconds) + 11_644_473_600n) * 10_000_000n, 8)
}

/** The file as Windows writes it: packed from version 30 on. */
export function prefetchFile(shape: PrefetchShape): Uint8Array {
  const plain = plainPrefetch(shape)
  return (shape.version ?? 30) >= 30 ? mamPacked(plain) : plain
}

/** The file unpacked. */
export function plainPrefetch({
  version = 30,
  program,
  runs,
  count,
  files,
  isEarly = false,
}: PrefetchShape): Uint8Array {
  const head = version === 17 ? 152 : version === 23 ? 240 : version === 26 || isEarly ? 304 : 296
  const names = utf16(files.map((path) => `${path}\0`).join(''))
  const times = (kept: number) => field(join(...runs.slice(0, kept).map(filetime)), 8 * kept)
  const body =
    version === 17
      ? join(times(1), zeros(16), le(count, 4), le(0, 4))
      : version === 23
        ? join(zeros(8), times(1), zeros(16), le(count, 4), zeros(84))
        : join(zeros(8), times(8), zeros(version === 26 || isEarly ? 16 : 8), le(count, 4), zeros(92))
  const information = join(
    ...[head, 0, head, 0, head, names.length, head + names.length, 0, 0].map((number) => le(number, 4)),
    body,
  )
  const size = head + names.length
  return join(
    le(version, 4),
    'SCCA',
    le(0x11, 4),
    le(size, 4),
    field(utf16(program.slice(0, 29)), 60),
    le(0x1234abcd, 4),
    le(0, 4),
    field(information, head - 84),
    names,
  )
}
