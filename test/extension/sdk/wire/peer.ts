/**
 * Raw ends of a socket: one that sends bytes as they are, one that answers with bytes as they are.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageScan } from '../../../../extension/sdk/wire/message.ts'

/** What came back, and whether the other side closed by itself. */
export interface Heard {
  readonly bytes: Buffer
  readonly isClosed: boolean
}

/** Resolves with the socket once it is connected. */
export async function dial(address: string): Promise<Socket> {
  const socket = connect(address)
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  socket.once('connect', () => resolve(socket))
  socket.once('error', reject)
  await promise
  socket.off('error', reject)
  socket.on('error', () => {}) // it is closed then
  return socket
}

/** Sends pieces, and hears until `length` bytes are there or the other side closes. */
export async function tell(address: string, pieces: readonly Uint8Array[], length: number): Promise<Heard> {
  const socket = await dial(address)
  const heard = hear(socket, length)
  for (const piece of pieces) socket.write(piece)
  const result = await heard
  socket.destroy()
  return result
}

/** Hears until that many bytes are there, or the other side closes. */
export async function hear(socket: Socket, length: number): Promise<Heard> {
  const chunks: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let count = 0
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    count += chunk.length
    if (count >= length) resolve(false)
  }
  socket.on('data', onData)
  socket.once('close', () => resolve(true))
  const isClosed = await promise
  socket.off('data', onData)
  return { bytes: Buffer.concat(chunks), isClosed }
}

/** Listens; each connection's first message goes to `answer`, whose bytes go back. */
export async function withPeer<T>(
  answer: (request: Buffer) => Buffer | undefined,
  work: (address: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'peer-'))
  const address = join(folder, 's')
  const server = createServer((socket) => {
    let got: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk])
      if (!new MessageScan(1 << 26).find(got)) return
      const reply = answer(got)
      if (reply) socket.end(reply)
      else socket.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(address, resolve))
  try {
    return await work(address)
  } finally {
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  }
}
