/**
 * osquery's word for the system that the daemon runs on.
 */
import type { Platform } from '../extension/domain/platform.ts'

/** Anything that is neither Windows nor macOS counts as Linux: osquery has no other packages. */
export function platformHere(platform: NodeJS.Platform = process.platform): Platform {
  if (platform === 'win32') return 'windows'
  return platform === 'darwin' ? 'darwin' : 'linux'
}
