/**
 * What hostile and broken callers do to a listener: nothing that anybody else would notice.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { ExtensionClient } from '../../../../extension/sdk/client.ts'
import { startCore } from '../../../../extension/sdk/testing/index.ts'
import { defaultListenerLimits, Listener, type ListenerLimits } from '../../../../extension/sdk/transport/listener.ts'
import { extensionResponder, type PluginCall } from '../../../../extension/sdk/wire/responder.ts'
import type { Answer } from '../../../../extension/sdk/wire/response.ts'
import { encodeMaps } from '../../../../extension/sdk/wire/rows.ts'
import { dial, hear, tell } from '../wire/peer.ts'
import { message, recorded } from '../wire/recorded.ts'

const ping = Buffer.from('800100010000000470696e670000000000', 'hex')
const pongBytes = 50
const generate = message('cpp-extension-call-table-cpp-opts-generate-call').bytes

/** A string in which a message begins, so that whatever follows is its body. */
const head = Buffer.from('800100010000000463616c6c00000000', 'hex')

type Call = (call: PluginCall, signal: AbortSignal) => Promise<Answer>
const oneRow: Call = async () => ({ status: { code: 0, message: 'OK' }, rows: encodeMaps([{ a: '1' }]) })

interface Site {
  readonly listener: Listener
  readonly address: string
  /** Resolves when somebody else was answered. */
  alive(): Promise<void>
  /** Resolves when nobody is connected any more. */
  deserted(): Promise<void>
}

/** A listener for one piece of work; at its end nobody may be connected. */
async function withListener(
  limits: Partial<ListenerLimits>,
  work: (site: Site) => Promise<void>,
  call: Call = oneRow,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'))
  const address = join(folder, 's')
  const service = { uuid: 7n, ping: () => ({ code: 0, message: 'pong' }), shutdown: () => {}, call }
  const listener = await Listener.open(address, extensionResponder(service), { ...defaultListenerLimits, ...limits })
  const deserted = () => vi.waitFor(() => expect(listener.connections).toBe(0), { timeout: 10_000, interval: 5 })
  const alive = async () => {
    expect((await new ExtensionClient(address, { timeoutMs: 5000 }).ping()).message).toBe('pong')
  }
  try {
    await work({ listener, address, alive, deserted })
    await alive()
    await deserted()
  } finally {
    await listener.abandon()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function isClosed(socket: Socket): Promise<void> {
  expect(await hear(socket, Infinity)).toEqual({ bytes: Buffer.alloc(0), isClosed: true })
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Resolves when no more than that many mebibytes have stayed since. */
async function holdsNoMoreThan(mostMb: number, beforeMb: number): Promise<void> {
  await vi.waitFor(() => expect(memoryMb() - beforeMb).toBeLessThan(mostMb), { timeout: 5000 })
}

/** Mebibytes that are in use for good. */
function memoryMb(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1024 / 1024
}

function size(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Field 3 of a call: a map of strings. */
const mapField = Buffer.from('0d00030b0b', 'hex')

describe('a message that cannot be one', () => {
  it.each([
    ['another version', Buffer.from('800200010000000470696e670000000000', 'hex')],
    ['text of another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a TLS greeting', Buffer.from('1603010200010001fc0303', 'hex')],
    ['noise', Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 197 + 131) & 0xff))],
    ['a method of 2 GiB', Buffer.from('800100017fffffff7878', 'hex')],
    ['a method of a negative length', Buffer.from('80010001ffffffff7878', 'hex')],
    ['a text of 2 GiB', Buffer.concat([head, Buffer.from('0b0001', 'hex'), size(0x7fffffff)])],
    ['a text of a negative length', Buffer.concat([head, Buffer.from('0b0001', 'hex'), size(-1)])],
    ['a map of 2^31 - 1 entries', Buffer.concat([head, mapField, size(0x7fffffff)])],
    ['a list of a negative length', Buffer.concat([head, Buffer.from('0f00010b', 'hex'), size(-5)])],
    ['a set of 2^31 - 1 entries', Buffer.concat([head, Buffer.from('0e00010c', 'hex'), size(0x7fffffff)])],
    ['a type nobody knows', Buffer.concat([head, Buffer.from('630001', 'hex')])],
    ['a list of a type nobody knows', Buffer.concat([head, Buffer.from('0f000163', 'hex'), size(1)])],
    ['33 structures in one another', Buffer.concat([head, Buffer.from('0c0001'.repeat(33), 'hex')])],
    [
      '100,000 lists in one another',
      Buffer.concat([head, Buffer.from(`0f00010f${'000000010f'.repeat(100_000)}`, 'hex')]),
    ],
    ['a reply nobody asked for', message('cpp-manager-ping-reply').bytes],
    ['an exception nobody asked for', message('raw-manager-nosuch-exception').bytes],
  ])('closes its connection at once: %s', async (_what, bytes) => {
    await withListener({}, async ({ address }) => {
      const socket = await dial(address)
      socket.write(bytes)
      await isClosed(socket)
    })
  })

  it('is refused at the limit, however it comes', async () => {
    await withListener({ maxMessageBytes: 10_000 }, async ({ address }) => {
      const socket = await dial(address)
      socket.write(Buffer.concat([head, Buffer.from('0b0001', 'hex'), size(9_000), Buffer.alloc(9_000, 0x61)]))
      socket.write(Buffer.concat([Buffer.from('0b0002', 'hex'), size(900), Buffer.alloc(900, 0x61)]))
      socket.write(Buffer.concat([Buffer.from('0b0003', 'hex'), size(100)]))
      await isClosed(socket)
    })
  })
})

describe('a method', () => {
  it.each(['constructor', '__proto__', 'toString', 'process', 'call\0'])('%j is not served', async (name) => {
    await withListener({}, async ({ address }) => {
      const bytes = Buffer.concat([Buffer.from('80010001', 'hex'), size(name.length), Buffer.from(name), size(3)])
      const heard = await tell(address, [bytes, Buffer.of(0)], 1)
      expect(heard.bytes.subarray(0, 4).toString('hex')).toBe('80010003')
      expect(String(heard.bytes)).toContain(`Invalid method name: '${name}'`)
    })
  })
})

describe('a caller that stops', () => {
  it.each([1, 3, 4, 8, 16, 17, 40, 300, generate.length - 1])(
    'after %d bytes of a call, and closes',
    async (length) => {
      await withListener({}, async ({ address, deserted }) => {
        const socket = await dial(address)
        socket.end(generate.subarray(0, length))
        await isClosed(socket)
        await deserted()
      })
    },
  )

  it('half-way, and stays, is closed after a while; bytes that drip in do not prolong it', async () => {
    await withListener({ stallMs: 150, silenceMs: 60_000 }, async ({ address, alive }) => {
      const half = await dial(address)
      half.write(generate.subarray(0, 100))
      const dripping = await dial(address)
      let sent = 0
      const drip = setInterval(() => dripping.write(generate.subarray(sent, ++sent)), 5)
      await alive()
      await Promise.all([isClosed(half), isClosed(dripping)])
      clearInterval(drip)
      expect(sent).toBeLessThan(generate.length)
    })
  })

  it('before it began is closed after a while', async () => {
    await withListener({ silenceMs: 100 }, async ({ address, alive }) => {
      const silent = await Promise.all(Array.from({ length: 50 }, () => dial(address)))
      await alive()
      await Promise.all(silent.map(isClosed))
    })
  })

  it('after a reply is closed after a while', async () => {
    await withListener({ silenceMs: 100 }, async ({ address }) => {
      const socket = await dial(address)
      socket.write(ping)
      const { bytes, isClosed } = await hear(socket, Infinity)
      expect([bytes.length, isClosed]).toEqual([pongBytes, true])
    })
  })

  it('reading its reply is closed after a while, and what was ready for it is let go', async () => {
    const large = encodeMaps([{ a: 'x'.repeat(32 * 1024 * 1024) }])
    const rows: Call = async () => ({ status: { code: 0, message: 'OK' }, rows: large })
    await withListener(
      { stallMs: 150 },
      async ({ address, alive, deserted }) => {
        const before = memoryMb()
        const stuck = await Promise.all(Array.from({ length: 20 }, () => dial(address)))
        for (const socket of stuck) socket.pause().write(generate)
        await alive()
        await deserted()
        for (const socket of stuck) socket.destroy()
        await holdsNoMoreThan(16, before)
      },
      rows,
    )
  })

  it('waiting for its reply aborts the call', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const endless: Call = async (_call, signal) => {
      signal.addEventListener('abort', () => resolve())
      started.resolve()
      await promise
      throw signal.reason
    }
    await withListener(
      {},
      async ({ address, alive }) => {
        const socket = await dial(address)
        socket.write(generate)
        await started.promise
        await alive()
        socket.destroy()
        await promise
      },
      endless,
    )
  })
})

describe('many at once', () => {
  it('a thousand connections are all answered, and others beside them', async () => {
    await withListener({}, async ({ listener, address, alive, deserted }) => {
      const sockets = await Promise.all(Array.from({ length: 1000 }, () => dial(address)))
      await vi.waitFor(() => expect(listener.connections).toBe(1000))
      await alive()
      const heard = sockets.map((socket) => hear(socket, pongBytes))
      for (const socket of sockets) socket.write(ping)
      expect(new Set((await Promise.all(heard)).map(({ bytes }) => bytes.length))).toEqual(new Set([pongBytes]))
      for (const socket of sockets) socket.destroy()
      await deserted()
    })
  })

  it('more than there may be are closed unheard, and the others stay', async () => {
    await withListener({ maxConnections: 10 }, async ({ listener, address }) => {
      const sockets = await Promise.all(Array.from({ length: 10 }, () => dial(address)))
      await vi.waitFor(() => expect(listener.connections).toBe(10))
      await isClosed(await dial(address))
      const [first] = sockets
      const heard = first && hear(first, pongBytes)
      first?.write(ping)
      expect((await heard)?.bytes.length).toBe(pongBytes)
      for (const socket of sockets) socket.destroy()
      await vi.waitFor(() => expect(listener.connections).toBe(0))
    })
  })

  it('unfinished requests hold no more memory than they may together', async () => {
    const megabyte = 1024 * 1024
    await withListener({ maxPendingBytes: 8 * megabyte }, async ({ address, alive, deserted }) => {
      const before = memoryMb()
      const begun = Buffer.concat([head, Buffer.from('0b0001', 'hex'), size(4 * megabyte)])
      const sockets = await Promise.all(Array.from({ length: 40 }, () => dial(address)))
      let closed = 0
      for (const socket of sockets) {
        socket.once('close', () => closed++)
        socket.resume().write(begun)
        socket.write(Buffer.alloc(3 * megabyte))
      }
      await vi.waitFor(() => expect(closed).toBeGreaterThanOrEqual(37), { timeout: 10_000 })
      await alive()
      await holdsNoMoreThan(64, before)
      for (const socket of sockets) socket.destroy()
      await deserted()
    })
  })

  it('requests in one piece are answered in order', async () => {
    await withListener({}, async ({ address }) => {
      const count = 2000
      const pings = Array.from({ length: count }, (_, at) => {
        const one = Buffer.from(ping)
        one.writeInt32BE(at, 12)
        return one
      })
      const { bytes } = await tell(address, [Buffer.concat(pings)], count * pongBytes)
      expect(Array.from({ length: count }, (_, at) => bytes.readInt32BE(at * pongBytes + 12))).toEqual(
        Array.from({ length: count }, (_, at) => at),
      )
    })
  })

  it('requests without end, of one who never reads, are not all taken in', async () => {
    await withListener({ stallMs: 150 }, async ({ address, alive, deserted }) => {
      const before = memoryMb()
      const socket = await dial(address)
      socket.pause()
      const flood = Buffer.concat(Array.from({ length: 1000 }, () => ping))
      let isOpen = true
      socket.once('close', () => {
        isOpen = false
      })
      const pour = () => {
        while (isOpen && socket.write(flood));
        if (isOpen) socket.once('drain', pour)
      }
      pour()
      await alive()
      await deserted()
      socket.destroy()
      await holdsNoMoreThan(16, before)
    })
  })
})

describe('the end of a listener', () => {
  function pending(): { call: Call; started: Promise<void>; finish(): void } {
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const call: Call = async (request, signal) => {
      started.resolve()
      await gate.promise
      return await oneRow(request, signal)
    }
    return { call, started: started.promise, finish: gate.resolve }
  }

  async function open(call: Call): Promise<{ listener: Listener; address: string; clear(): void }> {
    const folder = mkdtempSync(join(tmpdir(), 'hostile-'))
    const address = join(folder, 's')
    const service = { uuid: 7n, ping: () => ({ code: 0, message: 'pong' }), shutdown: () => {}, call }
    const listener = await Listener.open(address, extensionResponder(service))
    return { listener, address, clear: () => rmSync(folder, { recursive: true, force: true }) }
  }

  it('answers what is under way, and takes nothing new', async () => {
    const { call, started, finish } = pending()
    const { listener, address, clear } = await open(call)
    const client = new ExtensionClient(address, { timeoutMs: 5000 })
    const idle = await dial(address)
    const idleClosed = isClosed(idle)
    const answer = client.call({ registry: 'table', item: 'x', request: {} })
    await started
    const closed = listener.close(60_000)
    await idleClosed
    await expect(client.ping()).rejects.toThrow(/ENOENT|ECONNREFUSED/)
    finish()
    expect((await answer).response).toEqual([{ a: '1' }])
    await closed
    await vi.waitFor(() => expect(listener.connections).toBe(0))
    clear()
  })

  it('cuts what does not end in time', async () => {
    const { call, started, finish } = pending()
    const { listener, address, clear } = await open(call)
    const client = new ExtensionClient(address, { timeoutMs: 5000 })
    const answer = client.call({ registry: 'table', item: 'x', request: {} })
    answer.catch(() => {})
    await started
    const half = await dial(address)
    half.write(generate.subarray(0, 50))
    await vi.waitFor(() => expect(listener.connections).toBe(2))
    await listener.close(50)
    await expect(answer).rejects.toThrow('closed the connection')
    await vi.waitFor(() => expect(listener.connections).toBe(0))
    finish()
    clear()
  })
})

/** What can happen to bytes on their way. */
type Mutation =
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'cut' | 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'size'; readonly at: number; readonly value: number }

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), length: fc.nat(64) }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 32 }) }),
  fc.record({ kind: fc.constant('size' as const), at: fc.nat(), value: fc.integer() }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), length: fc.nat(256) }),
)

function mutated(bytes: Buffer, one: Mutation): Buffer {
  const at = bytes.length === 0 ? 0 : one.at % bytes.length
  switch (one.kind) {
    case 'set':
      return Buffer.concat([bytes.subarray(0, at), Buffer.of(one.byte), bytes.subarray(at + 1)])
    case 'cut':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + one.length)])
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), one.bytes, bytes.subarray(at)])
    case 'size':
      return Buffer.concat([bytes.subarray(0, at), size(one.value), bytes.subarray(at + 4)])
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, at + one.length), bytes.subarray(at)])
  }
}

const hostileBytes = fc
  .tuple(fc.constantFrom(...recorded.map(({ bytes }) => bytes)), fc.array(mutation, { minLength: 1, maxLength: 6 }))
  .map(([bytes, mutations]) => mutations.reduce(mutated, bytes))

/** Sends and leaves; resolves when the connection is over. */
async function throwAt(address: string, bytes: Buffer, cutAt: number): Promise<void> {
  const socket = await dial(address)
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const at = bytes.length === 0 ? 0 : cutAt % bytes.length
  socket.resume().write(bytes.subarray(0, at))
  socket.end(bytes.subarray(at))
  await over
}

describe('recorded messages with errors in them', () => {
  it('harm no extension', async () => {
    await withListener({ stallMs: 2000 }, async ({ address, alive, deserted }) => {
      const before = memoryMb()
      await fc.assert(
        fc.asyncProperty(fc.array(hostileBytes, { minLength: 1, maxLength: 8 }), fc.nat(), async (several, cutAt) => {
          await Promise.all(several.map((bytes) => throwAt(address, bytes, cutAt)))
          await alive()
        }),
        { numRuns: 400 },
      )
      await deserted()
      await holdsNoMoreThan(32, before)
    })
  })

  it('harm no manager', async () => {
    await using core = await startCore({ intervalMs: 600_000 })
    await fc.assert(
      fc.asyncProperty(fc.array(hostileBytes, { minLength: 1, maxLength: 8 }), fc.nat(), async (several, cutAt) => {
        await Promise.all(several.map((bytes) => throwAt(core.socket, bytes, cutAt)))
        expect((await new ExtensionClient(core.socket, { timeoutMs: 5000 }).ping()).message).toBe('pong')
      }),
      { numRuns: 150 },
    )
    expect(await core.query('SELECT 1 AS one')).toEqual([{ one: '1' }])
  })
})
