/** The search of memory in pieces: over every border of pieces, in holes, to the end of its budget. */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bootstrapLength } from '../../../extension/processes/bootstrap.ts'
import { defaultProcessBounds, type ProcessBounds, Reasons } from '../../../extension/processes/bounds.ts'
import type { Mapping } from '../../../extension/processes/mappings.ts'
import { MemoryScan } from '../../../extension/processes/memory-scan.ts'
import { carrierBlob, smallLayout } from '../../support/carrier-payload.ts'

const never = new AbortController().signal
const pid = 7
const start = 0x10_0000
const pieceBytes = 4096
const blob = carrierBlob({ layout: smallLayout })

let proc: string
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'threecx-memory-'))
  mkdirSync(join(proc, String(pid)))
})
afterEach(() => rmSync(proc, { recursive: true }))

/** Writes bytes at addresses; everything else is a hole. */
function memory(...parts: readonly (readonly [number, Uint8Array])[]): void {
  const file = openSync(join(proc, String(pid), 'mem'), 'w')
  for (const [at, bytes] of parts) writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

function mapping(from: number, length: number): Mapping {
  const [first, end] = [BigInt(from), BigInt(from + length)]
  return { start: first, end, permissions: 'rwxp', inode: 0n, path: '', isDeleted: false }
}

function scan(bounds: Partial<ProcessBounds> = {}, isLate = () => false) {
  const reasons = new Reasons(true)
  return { reasons, memory: new MemoryScan(proc, { ...defaultProcessBounds, pieceBytes, ...bounds }, reasons, isLate) }
}

async function search(mappings: readonly Mapping[], bounds?: Partial<ProcessBounds>) {
  const { memory, reasons } = scan(bounds)
  return { found: await memory.search(pid, mappings, never), reasons: reasons.all }
}

describe('a search of memory', () => {
  it.each([false, true])('finds a bootstrap that lies on the border of two pieces, later encoding: %s', async (is) => {
    const cut = carrierBlob({ layout: smallLayout, isLaterBootstrap: is })
    for (let before = 1; before <= bootstrapLength; before += 3) {
      const at = start + pieceBytes - before
      memory([at, cut])
      const { found } = await search([mapping(start, 4 * pieceBytes)])
      expect(
        found.map(({ address, hasPeHeader }) => [address, hasPeHeader]),
        `${before} bytes before the border`,
      ).toEqual([[BigInt(at), true]])
    }
  })

  it('says where it is in its mapping, and what it points to', async () => {
    memory([start + 16, blob])
    const one = mapping(start, pieceBytes)
    const { found, reasons } = await search([mapping(start - pieceBytes, pieceBytes), one])
    expect(found).toMatchObject([{ address: BigInt(start + 16), mapping: one, bootstrap: { library: 0x80 } }])
    expect(reasons).toEqual([])
  })

  it('takes no bootstrap for a loader that points to no library, or out of its mapping', async () => {
    const headless = Uint8Array.from(blob)
    headless.set([0, 0], smallLayout.libraryAt)
    memory([start, headless])
    expect((await search([mapping(start, pieceBytes)])).found).toEqual([])
    memory([start, blob])
    expect((await search([mapping(start, smallLayout.libraryAt + 2)])).found).toEqual([])
  })

  it('tells a library whose PE header was wiped from a whole one', async () => {
    const wiped = Uint8Array.from(blob)
    wiped.fill(0, smallLayout.libraryAt + 0x80, smallLayout.libraryAt + 0x84)
    memory([start, wiped])
    expect((await search([mapping(start, pieceBytes)])).found).toMatchObject([{ hasPeHeader: false }])
    memory([start, blob])
    expect((await search([mapping(start, smallLayout.libraryAt + 8)])).found).toMatchObject([{ hasPeHeader: false }])
  })

  it('ends where the memory of a process that is gone ends', async () => {
    memory([start, blob.subarray(0, 60)])
    expect(await search([mapping(start, 1024 * pieceBytes), mapping(2 * start, pieceBytes)])).toEqual({
      found: [],
      reasons: [],
    })
  })

  it('counts memory that is beyond the budget of a process, and of all processes', async () => {
    memory([start + 8 * pieceBytes, blob])
    const mappings = [mapping(start, 10 * pieceBytes)]
    const beyond = { code: 'bounds', message: 'memory of processes beyond the bound was not searched', count: 1 }
    expect(await search(mappings, { maxProcessMemoryBytes: 2 * pieceBytes })).toEqual({ found: [], reasons: [beyond] })
    const { memory: shared, reasons } = scan({ maxMemoryBytes: 15 * pieceBytes })
    expect((await shared.search(pid, mappings, never)).length).toBe(1)
    expect(await shared.search(pid, mappings, never)).toEqual([])
    expect(await shared.search(pid, mappings, never)).toEqual([])
    expect(reasons.all).toEqual([{ ...beyond, count: 2 }])
  })

  it('of a process full of loaders tells some of them, and of one full of shapes counts what it leaves out', async () => {
    const all = Array.from({ length: 40 }, (_, index) => [start + index * pieceBytes, blob] as const)
    memory(...all)
    const full = await search([mapping(start, 40 * pieceBytes)])
    expect(full.found.length).toBe(8)
    const shape = blob.subarray(0, 64)
    memory([start, Buffer.alloc(600 * shape.length, shape)])
    const hostile = await search([mapping(start, 600 * shape.length)])
    expect(hostile.found).toEqual([])
    expect(hostile.reasons).toEqual([
      { code: 'bounds', message: 'a process has more shapes of a loader than are looked at', count: 1 },
    ])
  })

  it('stops when it is late, and when it is aborted', async () => {
    memory([start, blob])
    const late = scan({}, () => true)
    expect(await late.memory.search(pid, [mapping(start, pieceBytes)], never)).toEqual([])
    const aborted = scan().memory.search(pid, [mapping(start, pieceBytes)], AbortSignal.abort())
    await expect(aborted).rejects.toThrow(/abort/i)
  })

  it('of a process that ended counts it as vanished', async () => {
    expect((await search([mapping(start, pieceBytes)])).reasons).toMatchObject([{ code: 'vanished', count: 1 }])
    expect(await search([])).toEqual({ found: [], reasons: [] })
  })
})
