/**
 * Memory of a large reply is given back with its last byte, and no memory is that others share.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exchange } from '../../../../extension/sdk/transport/exchange.ts'
import { Listener } from '../../../../extension/sdk/transport/listener.ts'
import { responsePieces } from '../../../../extension/sdk/wire/response.ts'
import { RowEncoder } from '../../../../extension/sdk/wire/rows.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a large reply', () => {
  it('arrives whole, and its pieces have no memory afterwards', async () => {
    const encoder = new RowEncoder(['text'])
    const text = 'é'.repeat(1000)
    for (let row = 0; row < 4000; row++) encoder.add([text])
    const rows = encoder.finish()
    const pieces = responsePieces('call', 0, { status: { code: 0, message: 'OK' }, rows }, 7n)
    const whole = Buffer.concat(pieces)
    const shared = pieces.filter(({ buffer }) => buffer.byteLength < 256 * 1024)
    const listener = await Listener.open(join(folder, 's'), async () => pieces)
    const request = Buffer.from('8001000100000004706f6e670000000000', 'hex')
    const reply = await exchange(listener.address, request, { timeoutMs: 30_000 })
    expect(whole.subarray(whole.length - reply.body.length).equals(reply.body)).toBe(true)
    await listener.close(1000)
    const large = rows.pieces.filter((piece) => !shared.includes(piece))
    expect(large.length).toBeGreaterThan(5)
    expect(large.map(({ byteLength }) => byteLength)).toEqual(large.map(() => 0))
    expect(shared.every(({ byteLength }) => byteLength > 0)).toBe(true)
  })
})
