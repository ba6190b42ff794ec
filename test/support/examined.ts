/**
 * What decoders say of bytes under a name, for tests: as a sweep would ask them, patterns included.
 */
import { decodersFor, examinationBudget, examineFile } from '../../extension/decoders/examine.ts'
import { type Examination, nothingSeen } from '../../extension/domain/examination.ts'
import { fileKind } from '../../extension/domain/file-kind.ts'
import { type MemoryFile, memoryFile } from './memory-file.ts'

/** Examines bytes; `file` may stand for them with another size. */
export async function examined(
  path: string,
  bytes: Uint8Array,
  file: MemoryFile = memoryFile(bytes),
): Promise<Examination> {
  const hints = { filename: path.slice(path.lastIndexOf('/') + 1), path, kind: fileKind(bytes), size: file.size }
  const content = Buffer.from(bytes)
  const wanted = decodersFor(hints).filter(
    ({ patterns }) => patterns === undefined || patterns.some((one) => content.includes(Buffer.from(one, 'hex'))),
  )
  return wanted.length > 0 ? examineFile(file, hints, wanted) : nothingSeen
}

/** What all decoders together may read of one file. */
export function examinationBounds(path: string, bytes: Uint8Array): { readonly bytes: number; readonly reads: number } {
  const hints = { filename: path.slice(path.lastIndexOf('/') + 1), path, kind: fileKind(bytes), size: bytes.length }
  const count = decodersFor(hints).length
  return { bytes: count * examinationBudget.maxBytes, reads: count * examinationBudget.maxReads }
}
