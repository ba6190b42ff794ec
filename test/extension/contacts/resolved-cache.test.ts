/** The cache of systemd-resolved: a played service at a socket, sound, refusing, hostile and silent. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { liveContacts } from '../../../extension/contacts/live-contacts.ts'
import { resolvedCache } from '../../../extension/contacts/resolved-cache.ts'

const never = new AbortController().signal
let directory: string
let path: string
let server: Server | undefined
const open: Socket[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-resolved-'))
  path = join(directory, 'socket')
})
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy()
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)))
  server = undefined
  rmSync(directory, { recursive: true })
})

/** A service that answers one message; what was asked. */
async function play(answer: (socket: Socket) => void): Promise<string[]> {
  const asked: string[] = []
  server = createServer((socket) => {
    open.push(socket)
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (piece) => {
      text += piece.toString()
      if (!text.endsWith('\0')) return
      asked.push(text)
      answer(socket)
    })
  }).listen(path)
  await new Promise((resolve) => server?.once('listening', resolve))
  return asked
}

const key = (name: string, type = 1) => ({ class: 1, type, name })
const entry = (name: string, type: number, rr: object) => ({
  key: key(name, type),
  rrs: [{ rr: { key: key(name, type), ...rr }, raw: 'AAAA' }],
  until: 4711,
})
const dump = [
  {
    protocol: 'dns',
    ifindex: 2,
    ifname: 'eth0',
    cache: [
      entry('Pbxsources.com', 1, { address: [192, 0, 2, 7] }),
      entry('six.example', 28, { address: [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9] }),
      entry('www.example.com', 5, { name: 'officeaddons.com' }),
      entry('mail.example.com', 15, { exchange: 'pbxsources.com' }),
      { key: key('akamaicontainer.com'), type: 'nxdomain', until: 1 },
      { key: { name: 7 } },
      'no entry',
      entry('odd.example', 1, { address: [1, 2, 'x', 999] }),
    ],
  },
  { protocol: 'mdns', cache: null },
]

describe('the cache of systemd-resolved', () => {
  it('gives names with types, answers and outcomes', async () => {
    const asked = await play((socket) => {
      const bytes = Buffer.from(`${JSON.stringify({ parameters: { dump } })}\0`)
      socket.write(bytes.subarray(0, 100))
      setImmediate(() => socket.write(bytes.subarray(100)))
    })
    expect(await resolvedCache(path, never)).toEqual([
      { name: 'Pbxsources.com', type: 1, answers: ['192.0.2.7'] },
      { name: 'six.example', type: 28, answers: ['2001:db8:0:0:0:0:0:9'] },
      { name: 'www.example.com', type: 5, answers: ['officeaddons.com'] },
      { name: 'mail.example.com', type: 15, answers: [] },
      { name: 'akamaicontainer.com', type: 1, answers: [], outcome: 'nxdomain' },
      { name: 'odd.example', type: 1, answers: [] },
    ])
    expect(asked).toEqual(['{"method":"io.systemd.Resolve.Monitor.DumpCache","parameters":{}}\0'])
  })

  it('is part of what a running Linux shows, with osquery and without', async () => {
    await play((socket) => socket.write(`${JSON.stringify({ parameters: { dump } })}\0`))
    const parts = { platform: 'linux', proc: directory, resolved: path } as const
    const { evidence } = await liveContacts(parts, never)
    const cached = evidence.filter(({ source }) => source === 'resolved_cache')
    expect(cached.slice(0, 3)).toEqual([
      {
        source: 'resolved_cache',
        raw: 'Pbxsources.com',
        observables: [
          { type: 'domain', value: 'pbxsources.com' },
          { type: 'ip', value: '192.0.2.7' },
        ],
        fields: { qtype: 'A', answers: '192.0.2.7' },
      },
      expect.objectContaining({ raw: 'six.example' }),
      expect.objectContaining({
        observables: [
          { type: 'domain', value: 'www.example.com' },
          { type: 'domain', value: 'officeaddons.com' },
        ],
      }),
    ])
  })

  it.each(['there is no socket', 'nobody listens'])('is absent where %s', async (what) => {
    if (what === 'nobody listens') writeFileSync(path, '')
    expect(await resolvedCache(path, never)).toBeUndefined()
    const { errors } = await liveContacts({ platform: 'linux', proc: directory, resolved: path }, never)
    expect(errors.map((one) => one.path)).toEqual(['open_sockets'])
  })

  it.each([
    ['refuses', '{"error":"org.varlink.service.MethodNotFound","parameters":{}}\0', /refused .*MethodNotFound/],
    ['answers no JSON', 'hello\0', /no JSON/],
    ['answers no cache', '{"parameters":{"dump":7}}\0', /no cache/],
    ['goes away', '', /without an answer/],
  ])('of a service that %s is an error of the look', async (_, text, message) => {
    await play((socket) => socket.end(text))
    await expect(resolvedCache(path, never)).rejects.toThrow(message)
    const { errors } = await liveContacts({ platform: 'linux', proc: directory, resolved: path }, never)
    expect(errors).toContainEqual(expect.objectContaining({ path: 'resolved_cache', code: 'unsupported' }))
  })

  it('of a service that never ends is given up', async () => {
    await play((socket) => {
      const piece = Buffer.alloc(1 << 20, 'a')
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
        if (!socket.destroyed) socket.once('drain', more)
      }
      more()
    })
    await expect(resolvedCache(path, never)).rejects.toThrow(/more than 33554432 bytes/)
  })

  it('of a service that says nothing is given up when the look is', async () => {
    const ending = new AbortController()
    await play(() => ending.abort(new Error('enough')))
    await expect(resolvedCache(path, ending.signal)).rejects.toThrow('enough')
  })
})
