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

/** The kind of a file from its head. */
export function fileKind(head: Uint8Array): FileKind {
  const hex = Array.from(head.subarray(0, headLength), (byte) => byte.toString(16).padStart(2, '0')).join('')
  for (const kind of fileKinds) {
    if (kind !== 'unknown' && magics[kind].some((magic) => hex.startsWith(magic))) return kind
  }
  return 'unknown'
}
