/**
 * The contest's client: the same request to every server, on a connection of its own each, timed to the last byte.
 *
 *     node client.ts SOCKET ping|generate TABLE CONTEXT TIMES
 *
 * Prints JSON: milliseconds of each request, rows and bytes of the last reply, and the digest of its rows, which is made
 * off the clock. It only skips over what it reads, which takes it a small part of the fastest server's time.
 */
import { connect } from 'node:net'
import { ReplyReader } from './reply.ts'

const [address = '', method = 'ping', table = '', context = '', times = '1'] = process.argv.slice(2)
const reader = new ReplyReader()
const request = method === 'ping' ? message('ping', Buffer.of(0)) : message('call', callOf(table, context))

const ms: number[] = []
for (let time = 0; time < Number(times); time++) ms.push(await ask())
const digest = method === 'ping' ? '' : reader.digest(new Set(['rowid', '_truncated']))
console.log(JSON.stringify({ ms, rows: reader.rows, bytes: reader.bytes, digest }))

function ask(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  reader.begin(method === 'ping')
  const started = process.hrtime.bigint()
  const socket = connect({
    path: address,
    onread: {
      buffer: () => reader.room(),
      callback: (length) => {
        try {
          if (!reader.grew(length)) return true
          const took = Number(process.hrtime.bigint() - started) / 1e6
          socket.once('close', () => resolve(took))
        } catch (error) {
          reject(error)
        }
        socket.destroy()
        return false
      },
    },
  })
  socket.setTimeout(120_000, () => socket.destroy(new Error('no reply')))
  socket.on('error', reject)
  socket.on('end', () => reject(new Error('the server closed the connection before the reply was complete')))
  socket.write(request)
  return promise
}

function callOf(item: string, json: string): Buffer {
  return Buffer.concat([
    Buffer.of(11, 0, 1),
    text('table'),
    Buffer.of(11, 0, 2),
    text(item),
    Buffer.of(13, 0, 3, 11, 11, 0, 0, 0, 2),
    ...['action', 'generate', 'context', json].map(text),
    Buffer.of(0),
  ])
}

function message(name: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0x80, 1, 0, 1), text(name), Buffer.alloc(4), body])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
