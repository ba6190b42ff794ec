/**
 * Keys from the file beside: a carrier under another key than the campaign's has its loader in the same directory, and
 * the loader has the key.
 *
 * Asked only where bytes behind a signature could not be opened. Every string of the loader is tried as a key; the
 * structure of what comes out decides.
 */
import { boundedFile } from '../decoders/bounded-file.ts'
import { examinationBudget } from '../decoders/examine.ts'
import { keyCandidates } from '../decoders/key-candidates.ts'
import { isRefusal } from '../decoders/refusal.ts'
import { type Examination, joined } from '../domain/examination.ts'
import type { PathText } from '../domain/path-text.ts'
import type { RandomAccess } from '../domain/random-access.ts'
import type { FileRef, ScanEngine } from '../native/engine.ts'

/** Names under which the loader lies beside its carrier; the first that is there is read. */
const loaders = ['ffmpeg.dll', 'FFMPEG.DLL', 'ffmpeg.DLL'] as const
/** The published ones have 2 to 5 MB. */
const maxLoaderBytes = 8 << 20

/** What was seen, with what a key from beside the file opens. */
export async function withNeighbourKeys(
  engine: ScanEngine,
  roots: readonly PathText[],
  ref: FileRef,
  file: RandomAccess,
  seen: Examination,
): Promise<Examination> {
  if (!seen.payloads.some((payload) => payload.kind === 'certificate_padding')) return seen
  const loader = await loaderBeside(engine, roots, ref)
  if (!loader) return seen
  const { readCertificateTable } = await import('../decoders/certificate-surplus.ts')
  const opened = await readCertificateTable(boundedFile(file, examinationBudget), keyCandidates(loader))
  if (!opened || isRefusal(opened) || !opened.payloads.some((one) => one.kind === 'carrier_payload')) return seen
  const others = {
    traits: seen.traits.filter(({ name }) => name !== 'cert_padding' && !name.startsWith('carrier_')),
    payloads: seen.payloads.filter(({ kind }) => kind !== 'certificate_padding' && kind !== 'carrier_payload'),
    refusals: seen.refusals.filter((one) => !opened.refusals.includes(one)),
  }
  return joined([opened, others])
}

async function loaderBeside(
  engine: ScanEngine,
  roots: readonly PathText[],
  { root, path }: FileRef,
): Promise<Uint8Array | undefined> {
  const directory = path.slice(0, path.lastIndexOf('/') + 1)
  for (const name of loaders) {
    if (directory + name === path) return undefined
    const bytes = await engine.read(roots, { root, path: directory + name }, 0, maxLoaderBytes).catch(() => undefined)
    if (bytes && bytes.length > 0) return bytes
  }
  return undefined
}
