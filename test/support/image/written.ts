/**
 * Bytes of what can only be written to a path.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a program writes that needs a path to write to. */
export function written(write: (path: string) => void): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'threecx-store-'))
  try {
    write(join(directory, 'store'))
    return readFileSync(join(directory, 'store'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}
