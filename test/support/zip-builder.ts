/**
 * Zip archives, stored and deflated; a Squirrel `.nupkg` is one.
 *
 * What the directory says can differ from what is there, for archives that lie.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { crc32, deflateRawSync } from 'node:zlib'
import { join, le } from './byte-writer.ts'

/** One member. */
export interface ZipMember {
  readonly name: string | Uint8Array
  readonly content: Uint8Array
  readonly isStored?: boolean
  readonly isEncrypted?: boolean
  /** Number of the method in the directory, if it shall be another one. */
  readonly method?: number
  /** What the directory says instead of the truth. */
  readonly claims?: { readonly size?: number; readonly crc32?: number }
}

/** Builds the archive. */
export function zipArchive(members: readonly ZipMember[], comment = ''): Uint8Array {
  const bodies: Uint8Array[] = []
  const records: Uint8Array[] = []
  let at = 0
  for (const member of members) {
    const packed = member.isStored ? member.content : deflateRawSync(member.content)
    const name = join(member.name)
    const fields = join(
      le(20, 2),
      le(member.isEncrypted ? 1 : 0, 2),
      le(member.method ?? (member.isStored ? 0 : 8), 2),
      le(0, 4),
      le(member.claims?.crc32 ?? crc32(member.content), 4),
      le(packed.length, 4),
      le(member.claims?.size ?? member.content.length, 4),
      le(name.length, 2),
      le(0, 2),
    )
    const body = join('PK\x03\x04', fields, name, packed)
    records.push(join('PK\x01\x02', le(20, 2), fields, le(0, 2), le(0, 2), le(0, 2), le(0, 4), le(at, 4), name))
    bodies.push(body)
    at += body.length
  }
  const directory = join(...records)
  const count = le(members.length, 2)
  const end = join('PK\x05\x06', le(0, 4), count, count, le(directory.length, 4), le(at, 4), le(comment.length, 2))
  return join(...bodies, directory, end, comment)
}
