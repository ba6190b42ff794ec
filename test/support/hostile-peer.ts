/**
 * Receivers that misbehave, on loopback: what every sink over a network must survive.
 */
import { createServer, type Socket } from 'node:net'
import { freePort } from './servers/server-process.ts'

/** How it misbehaves. */
export const hostileBehaviours = {
  'accepts and never answers': (socket) => socket.resume(),
  'accepts and never reads': (socket) => socket.pause(),
  'resets when it is spoken to': reset,
  'closes at once': (socket) => socket.destroy(),
  'answers with garbage': (socket) => {
    const garbage = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7919 + (at >> 3)) & 0xff))
    socket.write(garbage)
    socket.on('data', () => socket.write(garbage))
  },
  'claims an answer of two gigabytes': (socket) => {
    socket.once('data', () =>
      socket.write(Buffer.concat([Buffer.from([0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(100_000)])),
    )
  },
  'claims an answer of negative length': (socket) => {
    socket.once('data', () => socket.write(Buffer.alloc(64, 0xff)))
  },
  'answers with lines of nonsense': (socket) => {
    socket.on('data', () => socket.write('INFO {"max_payload":-1}\r\n-ERR no\r\n*99999999\r\n$-5\r\nPONG\r\n+OK\r\n'))
  },
  'answers one byte at a time, without end': (socket) => {
    socket.resume()
    const timer = setInterval(() => socket.write('x'), 5)
    socket.once('close', () => clearInterval(timer))
  },
  'answers without end': (socket) => {
    const chunk = Buffer.alloc(65_536, 'INFO x')
    const more = () => {
      if (!socket.destroyed) socket.write(chunk, () => setTimeout(more, 1))
    }
    socket.resume()
    more()
  },
} satisfies Readonly<Record<string, (socket: Socket) => void>>

/**
 * On a UNIX socket a break with bytes unread comes over as a reset; a receiver that read them and ended took them, for all
 * that a sender can know. There the server leaves connections paused.
 */
function reset(socket: Socket): void {
  if (socket.localPort === undefined) setTimeout(() => socket.destroy(), 20)
  else socket.once('data', () => socket.resetAndDestroy())
}

export type HostileBehaviour = keyof typeof hostileBehaviours | 'is absent'

export const allHostileBehaviours: readonly HostileBehaviour[] = [
  'is absent',
  ...(Object.keys(hostileBehaviours) as (keyof typeof hostileBehaviours)[]),
]

export interface HostilePeer {
  readonly port: number
  /** Connections whose other end is open. */
  connections(): number
  /** Connections that there ever were. */
  accepted(): number
  close(): Promise<void>
}

/** Starts one on a port, or at a path of the file system. */
export async function hostilePeer(behaviour: HostileBehaviour, path?: string): Promise<HostilePeer> {
  if (behaviour === 'is absent')
    return { port: await freePort(), connections: () => 0, accepted: () => 0, close: async () => undefined }
  const open = new Set<Socket>()
  const all = new Set<Socket>()
  const pauseOnConnect = path !== undefined && hostileBehaviours[behaviour] === reset
  const server = createServer({ allowHalfOpen: true, pauseOnConnect }, (socket) => {
    open.add(socket)
    all.add(socket)
    socket.on('error', () => undefined)
    // Our end is a FIN here; the peer keeps its own half open, as a stalled program does.
    socket.once('end', () => open.delete(socket))
    socket.once('close', () => open.delete(socket))
    hostileBehaviours[behaviour](socket)
  })
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(path, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    connections: () => open.size,
    accepted: () => all.size,
    close: async () => {
      for (const socket of all) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
