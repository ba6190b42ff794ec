/**
 * What the spool promises beyond the list model: waiting, bounds on disk, dead letters, damage met while it is used.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { maxLetterBytes, maxLetters } from '../../../daemon/spool/dead-letters.ts'
import { SpoolFullError } from '../../../daemon/spool/spool.ts'
import { eventNumber, eventNumbers, type OpenedSpool, SpoolPlace, wide } from '../../support/spool-place.ts'

let place: SpoolPlace
let opened: OpenedSpool
beforeEach(() => {
  place = new SpoolPlace()
  opened = place.open()
})
afterEach(() => {
  if (opened.store.database.isOpen) opened.close()
  place.remove()
})

const all = { maxEvents: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }

function reopen(bounds = wide): void {
  opened.close()
  opened = place.open(bounds)
}

function settle(sink: string, count: number): void {
  const events = opened.spool.read(sink, { ...all, maxEvents: count })
  const delivered = new Set(events.map((event) => event.sequence))
  opened.spool.settle(sink, events, { delivered, dead: new Map() })
}

function sequences(sink: string): number[] {
  return opened.spool.read(sink, all).map((event) => event.sequence)
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)

describe('appending', () => {
  it('is part of the transaction around it, and announced when that is durable', async () => {
    const { spool, store } = opened
    spool.setSinks(['sink'])
    const { signal } = new AbortController()
    let isAnnounced = false
    const announced = spool.appended(0, signal).then(() => {
      isAnnounced = true
    })
    const takenBack = () => {
      spool.append(eventNumbers(1, 3))
      expect(spool.newest).toBe(3)
      throw new Error('no')
    }
    expect(() => store.transaction(takenBack)).toThrow('no')
    await new Promise(setImmediate)
    expect([isAnnounced, spool.newest, sequences('sink')]).toEqual([false, 0, []])
    store.transaction(() => spool.append(eventNumbers(1, 3)))
    await announced
    expect(sequences('sink')).toEqual([1, 2, 3])
  })

  it('wakes those who wait for later events only, and an aborted wait ends', async () => {
    const { spool } = opened
    const abort = new AbortController()
    const ended: string[] = []
    const early = spool.appended(0, abort.signal).then(() => ended.push('early'))
    const late = spool.appended(2, abort.signal).then(() => ended.push('late'))
    spool.append(eventNumbers(1, 2))
    await early
    expect(ended).toEqual(['early'])
    abort.abort()
    await late
    await spool.appended(1, abort.signal)
    await spool.appended(9, abort.signal)
  })

  it('gives permanent ids, the same stream and the checksum of the line after reopening', () => {
    opened.spool.setSinks(['sink'])
    opened.spool.append([{ ...eventNumber(1), line: '{"name":"\u00e9\u{1f600}"}' }])
    const [before] = opened.spool.read('sink', all)
    const { stream } = opened.spool
    reopen()
    expect(opened.spool.stream).toBe(stream)
    expect(opened.spool.read('sink', all)).toEqual([before])
    expect(before).toMatchObject({ id: `${stream}-1`, checksum: crc32(before?.line ?? '') })
  })

  it('refuses what is beyond the bound, and says by how much', () => {
    reopen({ maxBytes: 1_000, maxAgeSeconds: 0, whenFull: 'refuse_new' })
    opened.spool.setSinks(['sink'])
    opened.spool.append(eventNumbers(1, 9, 100))
    expect(() => opened.spool.append(eventNumbers(10, 2, 100))).toThrow(SpoolFullError)
    expect(() => opened.spool.append(eventNumbers(10, 2, 100))).toThrow(
      /2 events of 200 bytes: 900 bytes wait already; expected 1000/,
    )
    settle('sink', 3)
    opened.spool.append(eventNumbers(10, 2, 100))
    expect(sequences('sink')).toEqual(range(4, 11))
  })

  it('keeps lines of many megabytes', () => {
    opened.spool.setSinks(['sink'])
    const line = `{"cell":"${'a'.repeat(20_000_000)}"}`
    opened.spool.append([eventNumber(1), { ...eventNumber(2), line }, eventNumber(3)])
    expect(opened.spool.read('sink', all).map((event) => event.line)).toEqual([
      eventNumber(1).line,
      line,
      eventNumber(3).line,
    ])
    // However small the limit: who cannot send it settles it as dead.
    settle('sink', 1)
    expect(opened.spool.read('sink', { maxEvents: 5, maxBytes: 10 }).map((event) => event.sequence)).toEqual([2])
  })
})

describe('the disk', () => {
  const diskBytes = () =>
    readdirSync(place.directory).reduce((sum, name) => sum + statSync(join(place.directory, name)).size, 0)

  it('holds at most 1.6 times the bound and two logs, whatever is appended', () => {
    const maxBytes = 8 * 1024 * 1024
    reopen({ maxBytes, maxAgeSeconds: 0, whenFull: 'drop_oldest' })
    opened.spool.setSinks(['dead'])
    let most = 0
    for (let number = 1; number < 120_000; number += 200) {
      opened.spool.append(eventNumbers(number, 200, 350))
      most = Math.max(most, diskBytes())
    }
    expect(most).toBeLessThan(1.6 * maxBytes + 2 * 17 * 1024 * 1024)
    const [standing] = opened.spool.standings()
    expect(standing?.waitingBytes).toBeLessThanOrEqual(maxBytes)
    expect((standing?.waiting ?? 0) + (standing?.dropped ?? 0)).toBe(opened.spool.newest)
    const pages = Number(opened.store.database.prepare('PRAGMA page_count').get()?.['page_count'])
    expect(pages * 4096).toBeLessThan(1.6 * maxBytes)
  })

  it('is given back once the backlog is delivered', () => {
    opened.spool.setSinks(['sink'])
    for (let number = 1; number < 100_000; number += 500) opened.spool.append(eventNumbers(number, 500, 350))
    const pages = () => Number(opened.store.database.prepare('PRAGMA page_count').get()?.['page_count'])
    const before = pages()
    settle('sink', 100_000)
    for (let times = 0; times < 12; times++) opened.spool.tidy(0)
    expect(before).toBeGreaterThan(9_000)
    expect(pages()).toBeLessThan(before / 2)
    opened.spool.append(eventNumbers(1, 3))
    expect(sequences('sink')).toHaveLength(3)
  })
})

describe('dead letters', () => {
  it('are counted for ever and kept within bounds, the newest first', () => {
    opened.spool.setSinks(['sink', 'other'])
    opened.spool.append(eventNumbers(1, maxLetters + 20))
    const events = opened.spool.read('sink', all)
    const dead = new Map(events.map((event) => [event.sequence, 'refused: '.repeat(500)]))
    opened.spool.settle('sink', events, { delivered: new Set(), dead })
    reopen()
    expect(opened.spool.standings()[0]).toMatchObject({ sink: 'sink', deadLetters: maxLetters + 20, waiting: 0 })
    const letters = opened.spool.deadLetters('sink', 5_000)
    expect(letters.map(({ event }) => event.sequence)).toEqual(range(21, maxLetters + 20).reverse())
    expect(letters[0]?.reason.length).toBe(1_000)
    expect(opened.spool.deadLetters(undefined, 3)).toHaveLength(3)
    expect(opened.spool.deadLetters('other')).toEqual([])
  })

  it('take a bounded space, and the newest is kept whatever it has', () => {
    opened.spool.setSinks(['sink'])
    for (const bytes of [1_000, maxLetterBytes - 2_000, 1_500, maxLetterBytes + 1]) {
      opened.spool.append([eventNumber(1, bytes)])
      const events = opened.spool.read('sink', all)
      const dead = new Map(events.map((event) => [event.sequence, 'too long']))
      opened.spool.settle('sink', events, { delivered: new Set(), dead })
    }
    expect(opened.spool.deadLetters('sink').map(({ event }) => event.sequence)).toEqual([4])
  })
})

describe('sinks', () => {
  it('start behind the newest event, and are forgotten with their backlog', () => {
    opened.spool.append(eventNumbers(1, 2))
    opened.spool.setSinks(['a'])
    opened.spool.append(eventNumbers(3, 2))
    opened.spool.setSinks(['a', 'b'])
    expect([sequences('a'), sequences('b')]).toEqual([[3, 4], []])
    opened.spool.setSinks(['b'])
    opened.spool.setSinks(['a', 'b'])
    expect(sequences('a')).toEqual([])
    expect(opened.spool.read('nobody', all)).toEqual([])
    opened.spool.settle('nobody', [], { delivered: new Set(), dead: new Map() })
  })

  it('settle batches in any order without losing what lies between', () => {
    opened.spool.setSinks(['sink'])
    opened.spool.append(eventNumbers(1, 10))
    const events = opened.spool.read('sink', all)
    const delivered = new Set(range(6, 10))
    opened.spool.settle('sink', events.slice(5), { delivered, dead: new Map() })
    expect(sequences('sink')).toEqual(range(1, 5))
    opened.spool.settle('sink', events.slice(5), { delivered, dead: new Map() }) // twice: nothing happens
    expect(opened.spool.standings()[0]).toMatchObject({ waiting: 5, delivered: 5 })
    opened.spool.append(eventNumbers(11, 1))
    expect(sequences('sink')).toEqual([...range(1, 5), 11])
  })
})

describe('damage met while the spool is used', () => {
  /** Flips a byte of a line behind the spool's back. */
  const flip = (sequence: number) => {
    const { database } = opened.store
    const row = database
      .prepare('SELECT last, frames FROM spool_chunk WHERE last >= ? ORDER BY last LIMIT 1')
      .get(sequence)
    const frames = Buffer.from(row?.['frames'] as Uint8Array<ArrayBuffer>)
    const at = frames.indexOf(`"number":${sequence},`)
    frames[at + 3] = 0
    database.prepare('UPDATE spool_chunk SET frames = ? WHERE last = ?').run(frames, Number(row?.['last']))
  }

  it('costs the damaged event, counted for every sink that lacked it, once', () => {
    opened.spool.setSinks(['fast', 'slow', 'dead'])
    opened.spool.append(eventNumbers(1, 100))
    settle('fast', 60)
    for (const sequence of [50, 70, 71, 100]) flip(sequence)
    const whole = range(1, 100).filter((sequence) => ![50, 70, 71, 100].includes(sequence))
    expect(sequences('fast')).toEqual(whole.filter((sequence) => sequence > 60))
    expect(sequences('slow')).toEqual(whole)
    const standings = () => opened.spool.standings().map(({ waiting, damaged }) => ({ waiting, damaged }))
    const expected = [
      { waiting: 37, damaged: 3 },
      { waiting: 96, damaged: 4 },
      { waiting: 96, damaged: 4 },
    ]
    expect(standings()).toEqual(expected)
    reopen()
    expect(opened.store.damage).toBeUndefined()
    expect(standings()).toEqual(expected)
    expect(sequences('dead')).toEqual(whole)
    settle('slow', 1_000)
    expect(opened.spool.standings()[1]).toMatchObject({ waiting: 0, waitingBytes: 0, delivered: 96, damaged: 4 })
  })

  it('of a whole chunk, or of its key, is told by the gap', () => {
    opened.spool.setSinks(['sink'])
    for (let number = 1; number < 100; number += 10) opened.spool.append(eventNumbers(number, 10, 300))
    opened.store.database.exec(
      'DELETE FROM spool_chunk WHERE last = 40; UPDATE spool_chunk SET last = 57 WHERE last = 60',
    )
    settle('sink', 20)
    expect(sequences('sink')).toEqual([...range(21, 30), ...range(41, 100)])
    settle('sink', 38)
    expect(opened.spool.standings()[0]).toMatchObject({ waiting: 32, delivered: 58, damaged: 10 })
    expect(sequences('sink')).toEqual(range(69, 100))
  })

  it('is passed when the oldest are dropped', () => {
    reopen({ maxBytes: 10_000, maxAgeSeconds: 0, whenFull: 'drop_oldest' })
    opened.spool.setSinks(['sink'])
    opened.spool.append(eventNumbers(1, 90, 100))
    flip(5)
    flip(12)
    opened.spool.append(eventNumbers(91, 60, 100))
    const [standing] = opened.spool.standings()
    // The bytes of lost events count as waiting until they are passed, so that two more than 100 lines are dropped at most.
    const [first = 0] = sequences('sink')
    expect(sequences('sink')).toEqual(range(first, 150))
    expect(first).toBeGreaterThanOrEqual(51)
    expect(first).toBeLessThanOrEqual(53)
    expect(standing).toMatchObject({ waiting: 151 - first, dropped: first - 3, damaged: 2 })
  })

  it('of an event that is to be sent again costs that event', () => {
    opened.spool.setSinks(['sink'])
    opened.spool.append(eventNumbers(1, 5))
    const events = opened.spool.read('sink', all)
    opened.spool.settle('sink', events, { delivered: new Set([3, 5]), dead: new Map() })
    expect(sequences('sink')).toEqual([1, 2, 4])
    opened.store.database.exec("UPDATE spool_again SET frame = X'00' WHERE id = 2")
    expect(sequences('sink')).toEqual([1, 4])
    expect(opened.spool.standings()[0]).toMatchObject({ waiting: 2, delivered: 2, damaged: 1 })
    opened.store.database.exec("UPDATE spool_again SET record = '{}' WHERE id = 1")
    reopen()
    expect(sequences('sink')).toEqual([4])
    expect(opened.spool.standings()[0]).toMatchObject({ waiting: 1, damaged: 2 })
  })

  it('of a sink gives it everything again, rather than nothing', () => {
    opened.spool.setSinks(['a', 'b'])
    opened.spool.append(eventNumbers(1, 50))
    settle('a', 30)
    opened.store.database.exec('DELETE FROM spool_sink WHERE record LIKE \'%"a"%\'')
    reopen()
    opened.spool.append(eventNumbers(51, 10))
    opened.spool.setSinks(['a', 'b'])
    expect(sequences('a')).toEqual(range(1, 60))
    expect(sequences('b')).toEqual(range(1, 60))
  })
})
