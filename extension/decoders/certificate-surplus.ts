/**
 * What hides in the certificate table of a signed Windows program, behind its signatures.
 *
 * Reported is every stretch that alignment does not explain. A stretch of zeros is no finding however long: it hides
 * nothing, and tools that reserve room for a signature leave it; its length still shows as the padding of the product.
 * Some vendors keep a few hundred bytes of their own behind the signature (a brand, a channel, a ticket); they are
 * hidden from Authenticode like any other, so they are reported, with the facts that tell them apart.
 * Data behind the table, and anywhere else in the file, is not searched: it is part of what was signed. A table without
 * any signature signs nothing (packers leave numbers of their own in its place); there only a payload counts.
 */
import { type Examination, joined } from '../domain/examination.ts'
import type { Fields } from '../domain/trait.ts'
import type { BoundedFile } from './bounded-file.ts'
import { hexText } from './bytes.ts'
import { findMarker } from './carrier-payload.ts'
import { readStretch, type Stretch, stretchExamination, withKeys } from './certificate-padding.ts'
import { type Extent, readPe } from './pe.ts'
import { type PeCertificates, readPeCertificates } from './pe-certificates.ts'
import { isRefusal, type Refusal } from './refusal.ts'

/** Entries are aligned to 8 bytes, so up to 7 belong to no signature in a genuine file. */
const alignment = 8
/** The published carrier hides 271 KB. From the first to the last hidden byte at most this much is read. */
export const maxSurplus = 16 << 20
/** Stretches shown of one file: those with a carrier's payload, then the largest. Real files have one. */
const maxShown = 16
/** Stretches on which keys from elsewhere are tried, the largest first: sixty thousand keys take half a second each. */
const maxTried = 4

/** What is there; `keys`, which may lie in a file beside this one, are tried on what the campaign's does not open. */
export async function readCertificateTable(
  file: BoundedFile,
  keys: readonly Uint8Array[] = [],
): Promise<Examination | Refusal | undefined> {
  const image = await readPe(file)
  // A DOS program begins with MZ too; it has no table, and there is nothing wrong with it.
  if (isRefusal(image)) return image.problem.startsWith('damaged') ? image : undefined
  const table = await readPeCertificates(file, image)
  if (!table || isRefusal(table)) return table
  const surplus = table.entries.map((entry) => entry.surplus).filter(({ size }) => size >= alignment)
  const isSigned = table.entries.some((entry) => entry.signature > 0)
  const unread = table.unread === undefined ? [] : [unreadEntries(table, table.unread)]
  const found = surplus.length > 0 ? await examine(file, surplus, { isSigned, facts: factsOf(table), keys }) : undefined
  return found || unread.length > 0
    ? joined([...(found ? [found] : []), { traits: [], payloads: [], refusals: unread }])
    : undefined
}

/** What is known of a table besides its surplus. */
interface Table {
  readonly isSigned: boolean
  /** Shown with each stretch. */
  readonly facts: Fields
  readonly keys: readonly Uint8Array[]
}

async function examine(
  file: BoundedFile,
  surplus: readonly Extent[],
  { isSigned, facts, keys }: Table,
): Promise<Examination | undefined> {
  const from = surplus[0]?.offset ?? 0
  const span = surplus.reduce((end, { offset, size }) => Math.max(end, offset + size), from) - from
  if (span > maxSurplus) return isSigned ? unread(file, surplus, facts, span) : undefined
  const bytes = await file.read(from, span)
  if (!bytes) return { traits: [], payloads: [], refusals: ['the certificate table became shorter while it was read'] }
  const stretches = surplus
    .map(({ offset, size }): Stretch => ({ offset, data: bytes.subarray(offset - from, offset - from + size) }))
    .filter(({ data }) => data.some((byte) => byte !== 0))
  const read = []
  for (const stretch of stretches) {
    const one = await readStretch(stretch)
    if (isSigned || one.carrier || findMarker(one.data) !== undefined) read.push(one)
  }
  const first = read
    .toSorted((a, b) => Number(Boolean(b.carrier)) - Number(Boolean(a.carrier)) || b.data.length - a.data.length)
    .slice(0, maxShown)
  const tried = first.filter((stretch) => !stretch.carrier).slice(0, maxTried)
  const shown = first.toSorted((a, b) => a.offset - b.offset)
  const more = read.length - shown.length
  const rest = more > 0 ? [`${more} more stretches of padding in the certificate table are not shown`] : []
  if (shown.length === 0) return undefined
  const seen: Examination[] = []
  for (const stretch of shown) {
    const opened = tried.includes(stretch) ? await withKeys(stretch, keys) : stretch
    seen.push(stretchExamination(opened, facts))
  }
  return joined([...seen, { traits: [], payloads: [], refusals: rest }])
}

/** So much that it is reported by its length alone: what it is, and whether it is all zeros, is not known. */
async function unread(
  file: BoundedFile,
  surplus: readonly Extent[],
  facts: Fields,
  span: number,
): Promise<Examination> {
  const largest = surplus.toSorted((a, b) => b.size - a.size)[0] ?? { offset: 0, size: 0 }
  const first = await file.read(largest.offset, Math.min(16, largest.size))
  const fields = { bytes: largest.size, ...(first && { first_bytes: hexText(first) }), ...facts }
  return {
    traits: [{ name: 'cert_padding', offset: largest.offset, length: largest.size, fields }],
    payloads: [],
    refusals: [`padding over ${span} bytes of the certificate table was not read; expected at most ${maxSurplus}`],
  }
}

function factsOf({ entries, overlay, signer, serial }: PeCertificates): Fields {
  return {
    ...(signer !== undefined && { signer }),
    ...(serial !== undefined && { serial }),
    ...(entries.length > 1 && { entries: entries.length }),
    ...(overlay > 0 && { overlay }),
  }
}

function unreadEntries({ entries }: PeCertificates, bytes: number): string {
  return `${entries.length} entries of the certificate table were read, and ${bytes} bytes behind them were not`
}
