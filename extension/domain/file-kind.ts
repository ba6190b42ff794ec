/**
 * What a file is, by its first bytes.
 *
 * Enough to decide whether a file can be what an indicator describes before it is read. DMG images have no magic at
 * the start (their trailer is at the end), so they are known by name only and appear here as `unknown`.
 */
export const fileKinds = ['pe', 'macho', 'elf', 'zip', 'ole', 'png', 'ico', 'pdf', 'unknown'] as const

/** One of the kinds. */
export type FileKind = (typeof fileKinds)[number]

/** Bytes of the head that `fileKind` wants, and that engines return. */
export const headLength = 16

/** First bytes of each kind, as published in the formats' specifications; hex. */
export const magics: Readonly<Record<Exclude<FileKind, 'unknown'>, readonly string[]>> = {
  pe: ['4d5a'],
  macho: ['cafebabe', 'cffaedfe', 'cefaedfe', 'feedface', 'feedfacf', 'cafebabf'],
  elf: ['7f454c46'],
  zip: ['504b0304', '504b0506'],
  ole: ['d0cf11e0a1b11ae1'],
  png: ['89504e470d0a1a0a'],
  ico: ['00000100'],
  pdf: ['255044462d'],
}

/** By the first byte: kinds and their magics as bytes, in the order of `fileKinds`. Asked for every file of a disk. */
const byFirstByte = new Map<number, { readonly kind: FileKind; readonly magic: readonly number[] }[]>()
for (const kind of fileKinds) {
  for (const hex of kind === 'unknown' ? [] : magics[kind]) {
    const magic = Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16))
    const [first = 0] = magic
    byFirstByte.set(first, [...(byFirstByte.get(first) ?? []), { kind, magic }])
  }
}

/** The kind of a file from its head. */
export function fileKind(head: Uint8Array): FileKind {
  const candidates = byFirstByte.get(head[0] ?? -1)
  if (candidates === undefined) return 'unknown'
  return candidates.find(({ magic }) => magic.every((byte, at) => head[at] === byte))?.kind ?? 'unknown'
}
