/**
 * Where data goes: stdout, or a file that appears whole or not at all.
 */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { HunterError } from '../../extension/domain/errors.ts'

/** Writes pieces of text to stdout, waiting for a slow reader. */
export async function writeTo(stream: Writable, pieces: Iterable<string> | AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain')
}

/** Writes pieces to a file: beside it first, then renamed over it. */
export async function writeFileWhole(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.part`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      for await (const piece of pieces) await file.write(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    if (cause instanceof HunterError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HunterError('output_failed', `cannot write ${path}: ${why}`, { cause })
  }
}
