/**
 * Damage costs at most what was damaged.
 *
 * The law: after a flipped byte, a zeroed or garbled block, a cut or a lost write-ahead log, the spool opens; every
 * event of which no byte was touched is read again, in order and as it was; what is missing is counted for the sink;
 * and no sequence of a stream is given to a second event. One exception: a log that ends inside a transaction looks like
 * one whose last transaction was never committed, so the untouched events of that one transaction go with it, counted.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { framesIn } from '../../../daemon/spool/event-frame.ts'
import type { ResultEvent, SpooledEvent } from '../../../extension/domain/result-event.ts'
import { eventNumber, type OpenedSpool, SpoolPlace } from '../../support/spool-place.ts'

const places: SpoolPlace[] = []
afterEach(() => {
  for (const place of places.splice(0)) place.remove()
})

/** A spool that was filled and left as a crash leaves it (`log`) or closed in order (`file`). */
interface Sample {
  readonly place: SpoolPlace
  readonly stream: string
  readonly events: readonly ResultEvent[]
  /** Sequences that the sink has. */
  readonly delivered: number
}

const total = 700
const settledCount = 150
const appendSize = 10

function makeSample(where: 'file' | 'log'): Sample {
  const live = new SpoolPlace()
  const opened = live.open()
  opened.spool.setSinks(['sink'])
  const events = Array.from({ length: total }, (_, at) => eventNumber(at + 1, 60 + ((at * 37) % 500)))
  // Some longer than a page, some of them much longer.
  for (const at of [99, 300, 301, 550]) events[at] = eventNumber(at + 1, 3_000 + at * 20)
  for (let at = 0; at < 400; at += appendSize) opened.spool.append(events.slice(at, at + appendSize))
  deliver(opened, settledCount)
  opened.spool.tidy(0)
  if (where === 'log') opened.store.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  for (let at = 400; at < total; at += appendSize) opened.spool.append(events.slice(at, at + appendSize))
  const { stream } = opened.spool
  const place = new SpoolPlace()
  places.push(place, live)
  if (where === 'file') opened.close()
  for (const suffix of ['', '-wal', '-newest']) {
    if (existsSync(live.file + suffix)) copyFileSync(live.file + suffix, place.file + suffix)
  }
  if (where === 'log') opened.close()
  return { place, stream, events, delivered: settledCount }
}

function deliver({ spool }: OpenedSpool, count: number): void {
  for (let left = count; left > 0; ) {
    const batch = spool.read('sink', { maxEvents: Math.min(50, left), maxBytes: 1 << 30 })
    spool.settle('sink', batch, { delivered: new Set(batch.map((event) => event.sequence)), dead: new Map() })
    left -= batch.length
  }
}

function copyOf({ place }: Sample): SpoolPlace {
  const copy = new SpoolPlace()
  places.push(copy)
  for (const suffix of ['', '-wal', '-newest']) {
    if (existsSync(place.file + suffix)) copyFileSync(place.file + suffix, copy.file + suffix)
  }
  return copy
}

function readAll({ spool }: OpenedSpool): SpooledEvent[] {
  const all: SpooledEvent[] = []
  for (;;) {
    const batch = spool.read('sink', { maxEvents: 100, maxBytes: 1 << 30 })
    if (batch.length === 0) return all
    all.push(...batch)
    spool.settle('sink', batch, { delivered: new Set(batch.map((event) => event.sequence)), dead: new Map() })
  }
}

/** Sequences of which a whole frame stands somewhere in one piece: nobody may lose those. */
function intact(...files: string[]): Set<number> {
  const found = new Set<number>()
  for (const file of files) {
    if (!existsSync(file)) continue
    for (const frame of framesIn(readFileSync(file))) if (!frame.isLost) found.add(frame.sequence)
  }
  return found
}

/** What the law demands of a damaged copy; `suffix` names the file that was damaged. */
function holdLaw(sample: Sample, damaged: SpoolPlace, suffix = ''): { readonly lost: number } {
  const whole = intact(damaged.file, `${damaged.file}-wal`)
  const opened = damaged.open()
  try {
    opened.spool.setSinks(['sink'])
    const [before] = opened.spool.standings()
    const isSameStream = opened.spool.stream === sample.stream
    const events = readAll(opened)
    for (const event of events) {
      const { kind, query, unixTime, line } = event
      expect({ kind, query, unixTime, line }).toEqual(sample.events[event.sequence - 1])
      expect(event.id).toBe(`${sample.stream}-${event.sequence}`)
    }
    const sequences = events.map((event) => event.sequence)
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b))
    const got = new Set(sequences)
    const missing = [...whole].filter((sequence) => sequence > sample.delivered && !got.has(sequence))
    if (suffix === '') expect(missing, 'events that were not touched').toEqual([])
    // Only of the one transaction at the end.
    expect(missing.length).toBeLessThanOrEqual(appendSize)
    expect(missing.filter((sequence) => sequence < Math.max(0, ...sequences))).toEqual([])
    const [after] = opened.spool.standings()
    expect(after?.waiting).toBe(0)
    expect(after?.waitingBytes).toBe(0)
    expect(before?.waiting).toBe(events.length)
    const lost = total - sample.delivered - sequences.filter((sequence) => sequence > sample.delivered).length
    // Where the stream is the old one, nothing about it was forgotten, and the count is exact.
    if (isSameStream) expect(after?.damaged).toBe(lost)
    opened.spool.append([eventNumber(9999)])
    const [next] = readAll(opened)
    expect(next?.line).toBe(eventNumber(9999).line)
    if (next?.id.startsWith(sample.stream)) expect(next.sequence).toBeGreaterThan(total)
    return { lost }
  } finally {
    opened.close()
  }
}

const runs = Number(process.env['THREECX_DAMAGE_RUNS'] ?? 20)
const blocks = fc.record({
  place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  byte: fc.integer({ min: 1, max: 255 }),
})

describe('a damaged spool opens and loses at most what was damaged', () => {
  for (const where of ['file', 'log'] as const) {
    const suffixes = where === 'file' ? [''] : ['', '-wal']
    for (const suffix of suffixes) {
      const name = suffix === '' ? `the database (${where})` : 'the write-ahead log'
      it(`when one byte of ${name} is flipped`, () => {
        const sample = makeSample(where)
        fc.assert(
          fc.property(blocks, ({ place, byte }) => {
            const copy = copyOf(sample)
            const bytes = readFileSync(copy.file + suffix)
            const at = Math.floor(place * bytes.length)
            bytes[at] = (bytes[at] ?? 0) ^ byte
            writeFileSync(copy.file + suffix, bytes)
            expect(holdLaw(sample, copy, suffix).lost, `byte ${at}`).toBeLessThanOrEqual(1)
            copy.remove()
          }),
          { numRuns: runs },
        )
      })

      it(`when 4 KiB of ${name} are zeroed or garbled`, () => {
        const sample = makeSample(where)
        fc.assert(
          fc.property(blocks, fc.boolean(), ({ place, byte }, isGarbled) => {
            const copy = copyOf(sample)
            const bytes = readFileSync(copy.file + suffix)
            const at = Math.floor(place * bytes.length)
            for (let one = at; one < Math.min(bytes.length, at + 4096); one++) {
              bytes[one] = isGarbled ? (one * byte * 31) & 0xff : 0
            }
            writeFileSync(copy.file + suffix, bytes)
            holdLaw(sample, copy, suffix)
            copy.remove()
          }),
          { numRuns: runs },
        )
      })

      it(`when ${name} is cut`, () => {
        const sample = makeSample(where)
        fc.assert(
          fc.property(blocks, ({ place }) => {
            const copy = copyOf(sample)
            truncateSync(copy.file + suffix, Math.floor(place * readFileSync(copy.file + suffix).length))
            holdLaw(sample, copy, suffix)
            copy.remove()
          }),
          { numRuns: runs },
        )
      })
    }
  }

  it('when the write-ahead log is gone: its events are counted, and their sequences are not given again', () => {
    const sample = makeSample('log')
    rmSync(`${sample.place.file}-wal`)
    const { lost } = holdLaw(sample, sample.place)
    expect(lost).toBe(300)
  })

  it('when the database is gone and its log is there', () => {
    const sample = makeSample('log')
    rmSync(sample.place.file)
    holdLaw(sample, sample.place)
  })

  it('when the file is something else altogether, which is kept aside', () => {
    const sample = makeSample('file')
    writeFileSync(
      sample.place.file,
      'no database at all, and long enough to have a header of one hundred bytes. '.repeat(9),
    )
    holdLaw(sample, sample.place)
    expect(readFileSync(`${sample.place.file}.damaged-1`, 'latin1')).toContain('no database at all')
    expect(sample.place.warnings).toHaveLength(1)
  })

  it('three times, and keeps the last two damaged files', () => {
    const sample = makeSample('file')
    const { place } = sample
    for (let round = 0; round < 3; round++) {
      const bytes = readFileSync(place.file)
      bytes.fill(0, 0, 100)
      writeFileSync(place.file, bytes)
      place.open().close()
    }
    expect([1, 2, 3].map((number) => existsSync(`${place.file}.damaged-${number}`))).toEqual([false, true, true])
    holdLaw(sample, place)
  })

  it('when the process ended while the new file took the place of the old one', () => {
    for (const step of [0, 1, 2]) {
      const sample = makeSample('file')
      const { file } = sample.place
      const aside = join(sample.place.directory, 'aside')
      mkdirSync(aside)
      const bytes = readFileSync(file)
      bytes.fill(0, 0, 100)
      writeFileSync(file, bytes)
      writeFileSync(`${file}-wal`, '')
      copyFileSync(file, join(aside, 'damaged'))
      const whole = copyOf(sample)
      copyFileSync(whole.file, `${file}.salvaged`)
      if (step > 0) {
        copyFileSync(file, `${file}.damaged-1`)
        rmSync(file)
      }
      if (step > 1) rmSync(`${file}-wal`)
      expect(holdLaw(sample, sample.place).lost).toBe(0)
    }
  })
})
