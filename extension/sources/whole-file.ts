/**
 * A file as a whole, for stores that are read at once; piece by piece, so that nothing is held up.
 */
import type { SourceFile, SourceProblem, SourceReader } from './source.ts'

const pieceBytes = 1 << 20

/** As much of a file as there is, up to a size. Rejects when it cannot be read, and with the signal's reason. */
export async function readAll(
  reader: Pick<SourceReader, 'read'>,
  size: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let filled = 0
  while (filled < size) {
    signal.throwIfAborted()
    const piece = await reader.read(filled, Math.min(pieceBytes, size - filled))
    if (piece.length === 0) return bytes.slice(0, filled)
    bytes.set(piece, filled)
    filled += piece.length
  }
  return bytes
}

/** Reads a file, or says why not. Rejects only with the signal's reason. */
export async function wholeFile(
  file: SourceFile,
  reader: SourceReader,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | SourceProblem> {
  if (file.size > maxBytes) {
    const message = `cannot read ${file.path}: ${file.size} bytes; expected at most ${maxBytes}`
    return { problem: { code: 'too_big', message } }
  }
  try {
    return await readAll(reader, file.size, signal)
  } catch (cause) {
    signal.throwIfAborted()
    const message = `cannot read ${file.path}: ${cause instanceof Error ? cause.message : String(cause)}`
    return { problem: { code: 'io', message } }
  }
}
