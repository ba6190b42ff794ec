/**
 * A full disk: append says so, nothing acknowledged is lost, and it goes on once there is room.
 *
 * On a file system of its own of a few mebibytes where this user may mount one; elsewhere by SQLite's limit of pages,
 * which fails at the same places of the database, but not of its log.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { HunterError } from '../../../extension/domain/errors.ts'
import { eventNumbers, type OpenedSpool, SpoolPlace } from '../../support/spool-place.ts'

const ended: (() => void)[] = []
afterEach(() => {
  for (const end of ended.splice(0).reverse()) end()
})

/** A mounted file system of `mebibytes`, or why there is none. */
function smallDisk(mebibytes: number, options = ''): string | { readonly reason: string } {
  const path = mkdtempSync(join(tmpdir(), 'threecx-disk-'))
  ended.push(() => rmSync(path, { recursive: true, force: true }))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700${options}`, 'threecx-test', path], {
      stdio: 'pipe',
    })
  } catch (error) {
    return {
      reason: `no file system can be mounted here: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    }
  }
  ended.push(() => execFileSync('umount', [path]))
  return path
}

/** Appends until it fails; gives what it failed with. */
function appendUntilFull({ spool }: OpenedSpool): { readonly failure: unknown; readonly acknowledged: number } {
  for (let number = 1; number < 200_000; number += 50) {
    try {
      spool.append(eventNumbers(number, 50, 400))
    } catch (failure) {
      return { failure, acknowledged: number - 1 }
    }
  }
  throw new Error('the disk did not get full')
}

function checkFull(failure: unknown): void {
  expect(failure).toBeInstanceOf(HunterError)
  expect(failure).toMatchObject({ code: 'state_unusable' })
  expect(String(failure)).toMatch(/cannot write to .*: the disk is full/)
}

function sequences({ spool }: OpenedSpool): number[] {
  const limits = { maxEvents: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
  return spool.read('sink', limits).map((event) => event.sequence)
}

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)

describe('a full disk', () => {
  it('loses nothing that was acknowledged, on a file system of its own', (context) => {
    const disk = smallDisk(12)
    if (typeof disk !== 'string') return context.skip(disk.reason)
    const place = new SpoolPlace(disk)
    const filler = join(disk, 'filler')
    writeFileSync(filler, Buffer.alloc(2 << 20))
    const opened = place.open()
    opened.spool.setSinks(['sink'])
    const { failure, acknowledged } = appendUntilFull(opened)
    checkFull(failure)
    expect(acknowledged).toBeGreaterThan(1_000)
    expect(opened.spool.newest).toBe(acknowledged)
    expect(sequences(opened)).toEqual(upTo(acknowledged))
    rmSync(filler)
    opened.spool.append(eventNumbers(acknowledged + 1, 10, 400))
    opened.close()
    const again = place.open()
    ended.push(() => again.close())
    expect(sequences(again)).toEqual(upTo(acknowledged + 10))
    expect(place.warnings).toEqual([])
  })

  it('can be opened, read and settled while it is full', (context) => {
    const disk = smallDisk(8)
    if (typeof disk !== 'string') return context.skip(disk.reason)
    const place = new SpoolPlace(disk)
    const opened = place.open()
    opened.spool.setSinks(['sink'])
    const { acknowledged } = appendUntilFull(opened)
    opened.close()
    writeUntilFull(join(disk, 'filler'))
    const again = place.open()
    ended.push(() => again.close())
    expect(sequences(again)).toEqual(upTo(acknowledged))
  })

  it('of the database is the same where no file system can be mounted', () => {
    const place = new SpoolPlace()
    ended.push(() => place.remove())
    const opened = place.open()
    ended.push(() => opened.close())
    opened.spool.setSinks(['sink'])
    opened.store.database.exec('PRAGMA max_page_count = 300')
    const { failure, acknowledged } = appendUntilFull(opened)
    checkFull(failure)
    expect(sequences(opened)).toEqual(upTo(acknowledged))
    opened.store.database.exec('PRAGMA max_page_count = 3000')
    opened.spool.append(eventNumbers(acknowledged + 1, 10, 400))
    expect(sequences(opened)).toEqual(upTo(acknowledged + 10))
  })

  it('of a read-only file system refuses to open, and says why', (context) => {
    const disk = smallDisk(2)
    if (typeof disk !== 'string') return context.skip(disk.reason)
    const place = new SpoolPlace(disk)
    place.open().close()
    execFileSync('mount', ['-o', 'remount,ro', disk])
    expect(() => place.open()).toThrow(HunterError)
    expect(() => place.open()).toThrow(
      /cannot (open|lock) .*: (it is read-only|the file system is read-only|it cannot be opened)/,
    )
  })
})

function writeUntilFull(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(64 << 20))
  } catch {
    // It is full now.
  }
}
