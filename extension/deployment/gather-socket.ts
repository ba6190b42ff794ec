/**
 * Whether somebody listens on osquery's manager socket: connect, hang up, say nothing.
 */
import { createConnection } from 'node:net'
import type { Connection } from './facts.ts'

/** A local accept takes microseconds; a manager that needs longer is stuck. */
const deadlineMs = 3_000

/** Tries one connection to a UNIX socket or a named pipe. Never throws. */
export async function tryConnection(path: string): Promise<Connection> {
  // longer paths are refused before the kernel sees them, with an exception
  if (process.platform !== 'win32' && Buffer.byteLength(path) > 107) return 'not_tried'
  return await new Promise((resolve) => {
    const socket = createConnection({ path })
    const settle = (how: Connection) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(how)
    }
    const timer = setTimeout(() => settle('timeout'), deadlineMs)
    socket.once('connect', () => settle('answered'))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(connections[error.code ?? ''] ?? 'failed'))
  })
}

const connections: Readonly<Record<string, Connection>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
}
