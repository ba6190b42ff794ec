/**
 * Where osquery's extension socket is, when nobody says: that of the plain package, or of Fleet's agent.
 */
import { existsSync } from 'node:fs'
import { hosts, layoutOf } from '../extension/deployment/layout.ts'
import type { Platform } from '../extension/domain/platform.ts'

/** The first socket that is there, else the plain package's. */
export function findSocket(
  platform: Platform,
  exists: (path: string) => boolean = existsSync,
): { readonly path: string; readonly isThere: boolean } {
  const sockets = hosts.map((host) => layoutOf(host, platform).socket)
  const found = sockets.find(exists)
  return { path: found ?? sockets[0] ?? '', isThere: found !== undefined }
}
