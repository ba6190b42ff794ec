/**
 * Single files: their metadata, and pieces of their content, opened as safely as for a digest.
 */
import { lstat } from 'node:fs/promises'
import type { PathText } from '../../domain/path-text.ts'
import type { EngineError, FileRef, WalkEntry } from '../engine.ts'
import { entryOf, requireRegular } from './entry.ts'
import { fileFailure } from './failure.ts'
import type { Addressing } from './folder.ts'
import { Folders } from './folders.ts'
import { partsOf, pathOf } from './location.ts'
import { openRegular } from './open.ts'
import { mapBounded } from './patience.ts'
import { usableRoots } from './roots.ts'

/** Files looked at at a time: as many as Node has threads for file calls. */
const width = 4

/** Metadata of files, each an entry without rules or an error. */
export async function stat(
  addressing: Addressing,
  roots: readonly PathText[],
  files: readonly FileRef[],
): Promise<readonly (WalkEntry | EngineError)[]> {
  const folders = new Folders(addressing, await usableRoots(roots))
  for (const { root } of files) folders.rootPath(root)
  try {
    return await mapBounded(width, files, (file) => statOne(folders, file))
  } finally {
    folders.close()
  }
}

async function statOne(folders: Folders, { root, path }: FileRef): Promise<WalkEntry | EngineError> {
  try {
    const parts = partsOf(path)
    return await folders.locate(root, parts, async (at, verify) => {
      const stats = await lstat(at, { bigint: true })
      await verify()
      requireRegular(stats)
      return entryOf(root, pathOf(parts), [], stats)
    })
  } catch (error) {
    const { code, message } = fileFailure(error)
    return { root, path, code, message }
  }
}

/** Up to `length` bytes from `offset`; fewer at the end of the file. Rejects with a `FileFailure`. */
export async function read(
  addressing: Addressing,
  roots: readonly PathText[],
  { root, path }: FileRef,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const folders = new Folders(addressing, await usableRoots(roots))
  try {
    return await folders.locate(root, partsOf(path), async (at, verify) => {
      const { handle, stats } = await openRegular(addressing, at, verify)
      try {
        const buffer = Buffer.alloc(Math.max(0, Math.min(length, Number(stats.size) - offset)))
        let filled = 0
        while (filled < buffer.length) {
          const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset + filled)
          if (bytesRead === 0) break
          filled += bytesRead
        }
        return Uint8Array.from(buffer.subarray(0, filled))
      } finally {
        await handle.close()
      }
    })
  } catch (error) {
    throw fileFailure(error)
  } finally {
    folders.close()
  }
}
