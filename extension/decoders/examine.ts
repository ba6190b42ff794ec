/**
 * Examines one file with every decoder that wants it.
 *
 * Each decoder has a budget of its own, so that a file which wears one out hides nothing from the others.
 */
import { type Examination, joined } from '../domain/examination.ts'
import type { RandomAccess } from '../domain/random-access.ts'
import { type Budget, boundedFile } from './bounded-file.ts'
import type { Decoder, FileHints } from './decoder.ts'
import { decoders } from './index.ts'
import { isRefusal } from './refusal.ts'

/**
 * The largest file of the attack that a decoder reads whole is the universal libffmpeg of some 10 MB; the whole of a
 * file above the budget is not searched, and the decoder says so.
 */
export const examinationBudget: Budget = { maxBytes: 48 << 20, maxReads: 4096 }

/** The decoders that want a file, in their order. */
export function decodersFor(hints: FileHints): readonly Decoder[] {
  return decoders.filter((decoder) => decoder.wants(hints))
}

/** Whether there is any. */
export function isWanted(hints: FileHints): boolean {
  return decoders.some((decoder) => decoder.wants(hints))
}

/** Runs decoders over a file. Rejects only when the file cannot be read. */
export async function examineFile(
  file: RandomAccess,
  hints: FileHints,
  wanted: readonly Decoder[] = decodersFor(hints),
): Promise<Examination> {
  const seen: Examination[] = []
  for (const decoder of wanted) {
    const found = await decoder.decode(boundedFile(file, examinationBudget), hints)
    if (!found) continue
    seen.push(isRefusal(found) ? { traits: [], payloads: [], refusals: [`${decoder.name}: ${found.problem}`] } : found)
  }
  return joined(seen)
}
