/**
 * A scratch directory that no other user can interfere with: what the state directory must be for code to be unpacked.
 *
 * The system's temporary directory is not such a place by design, and neither is a checkout below it. The home
 * directory of whoever runs the tests usually is.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { openPrivateDirectory } from '../../extension/runtime/private-directory.ts'

/** Makes one, or says why this user has no such place. */
export function privatePlace(): { readonly path: string } | { readonly reason: string } {
  let reason = ''
  for (const parent of [homedir(), '/var/lib', join(import.meta.dirname, '..', '..')]) {
    try {
      const path = mkdtempSync(join(parent, '.threecx-test-'))
      try {
        openPrivateDirectory(path, 'probe')
        return { path }
      } catch (cause) {
        rmSync(path, { recursive: true })
        throw cause
      }
    } catch (cause) {
      reason ||= cause instanceof Error ? cause.message : String(cause)
    }
  }
  return { reason }
}
