/**
 * The file sink: what lies in the directory after writes, rotations, crashes, full disks and hostile neighbours.
 */
import { execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileOptions, fileSink, openFileSink } from '../../../daemon/sinks/file.ts'
import type { Sink } from '../../../daemon/sinks/sink.ts'
import { event, events, failureOf, never, sinkContext } from '../../support/sink-events.ts'

const results = 'osqueryd.results.log'
let base: string
let directory: string
let open: Sink[]

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'threecx-file-sink-'))
  directory = join(base, 'logs')
  open = []
})

afterEach(async () => {
  for (const sink of open) await sink.close()
  rmSync(base, { recursive: true, force: true })
})

function sinkWith(given: Partial<FileOptions> = {}, now: () => number = Date.now): Sink {
  const sink = openFileSink(fileSink.options.parse({ directory, ...given }), sinkContext(), now)
  open.push(sink)
  return sink
}

async function closed(sink: Sink): Promise<void> {
  open.splice(open.indexOf(sink), 1)
  await sink.close()
}

function text(name = results): string {
  return readFileSync(join(directory, name), 'utf8')
}

function linesOf(...batches: readonly (readonly { readonly line: string }[])[]): string {
  return batches
    .flat()
    .map(({ line }) => `${line}\n`)
    .join('')
}

describe('the layout', () => {
  it('is that of osqueryd, one file for each kind of line', async () => {
    const status = event(3, { kind: 'status', query: '', line: '{"severity":"0"}' })
    await sinkWith().write({ events: [event(1), event(2, { kind: 'snapshot' }), status, event(4)] }, never)
    expect(text()).toBe(linesOf([event(1), event(4)]))
    expect(text('osqueryd.snapshots.log')).toBe(linesOf([event(2)]))
    expect(text('osqueryd.status.log')).toBe('{"severity":"0"}\n')
  })

  it('keeps others from reading, unless told', async () => {
    await sinkWith().write({ events: [event(1)] }, never)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(join(directory, results)).mode & 0o777).toBe(0o600)
    await sinkWith({ directory: join(base, 'open'), mode: '0640' }).write({ events: [event(1)] }, never)
    expect(statSync(join(base, 'open', results)).mode & 0o777).toBe(0o640)
  })

  it('refuses a line that would become two, and writes the others', async () => {
    const failure = await failureOf(sinkWith().write({ events: [event(1), event(2, { line: '{\n}' })] }, never))
    expect(failure).toMatchObject({ code: 'refused', failures: [{ sequence: 2, isFinal: true }] })
    expect(text()).toBe(linesOf([event(1)]))
  })

  it('refuses a mode that lets others write', () => {
    expect(fileSink.options.safeParse({ directory, mode: '0666' }).success).toBe(false)
  })
})

describe('rotation', () => {
  it('puts a file aside before it grows beyond its size, packs it and keeps the newest', async () => {
    const size = Buffer.byteLength(linesOf(events(1, 3)))
    const sink = sinkWith({ rotate_bytes: size, keep: 2 })
    for (let at = 1; at <= 12; at += 3) await sink.write({ events: events(at, at + 2) }, never)
    await sink.write({ events: [event(13)] }, never)
    await expect
      .poll(() => readdirSync(directory).sort())
      .toEqual(['.threecx-hunter.lock', results, `${results}.1.gz`, `${results}.2.gz`])
    expect(text()).toBe(linesOf([event(13)]))
    expect(gunzipSync(readFileSync(join(directory, `${results}.1.gz`))).toString()).toBe(linesOf(events(10, 12)))
    expect(gunzipSync(readFileSync(join(directory, `${results}.2.gz`))).toString()).toBe(linesOf(events(7, 9)))
    expect(statSync(join(directory, `${results}.1.gz`)).mode & 0o777).toBe(0o600)
  })

  it.each(['zstd', 'none'] as const)('packs with %s', async (compression) => {
    const sink = sinkWith({ rotate_bytes: 1, compression })
    await sink.write({ events: [event(1)] }, never)
    await sink.write({ events: [event(2)] }, never)
    const name = `${results}.1${compression === 'zstd' ? '.zst' : ''}`
    await expect.poll(() => readdirSync(directory).filter((one) => one.startsWith(`${results}.`))).toEqual([name])
    const bytes = readFileSync(join(directory, name))
    expect((compression === 'zstd' ? zstdDecompressSync(bytes) : bytes).toString()).toBe(linesOf([event(1)]))
  })

  it('puts the file of yesterday aside, once, and never because the clock went back', async () => {
    let now = Date.UTC(2026, 2, 29, 23, 59)
    const sink = sinkWith({ rotate_every: 'day', compression: 'none' }, () => now)
    const dated = () => utimesSync(join(directory, results), now / 1000, now / 1000)
    await sink.write({ events: [event(1)] }, never)
    dated()
    await sink.write({ events: [event(2)] }, never)
    dated()
    now += 120_000
    await sink.write({ events: [event(3)] }, never)
    dated()
    now -= 86_400_000
    await sink.write({ events: [event(4)] }, never)
    expect(text(`${results}.1`)).toBe(linesOf(events(1, 2)))
    expect(text()).toBe(linesOf(events(3, 4)))
    expect(existsSync(join(directory, `${results}.2`))).toBe(false)
  })

  it('packs what a crash left unpacked, removes what it left half packed, leaves the files of others alone', async () => {
    mkdirSync(directory, { mode: 0o700 })
    writeFileSync(join(directory, `${results}.1`), 'left over\n')
    writeFileSync(join(directory, `${results}.1.gz.partial`), 'half')
    writeFileSync(join(directory, `${results}.old`), 'not ours\n')
    const sink = sinkWith({ rotate_bytes: 1 })
    await sink.write({ events: [event(1)] }, never)
    await sink.write({ events: [event(2)] }, never)
    await expect
      .poll(() => readdirSync(directory).sort())
      .toEqual(['.threecx-hunter.lock', results, `${results}.1.gz`, `${results}.2.gz`, `${results}.old`])
    expect(gunzipSync(readFileSync(join(directory, `${results}.2.gz`))).toString()).toBe('left over\n')
  })

  it('follows when logrotate renames, removes or replaces the file', async () => {
    const sink = sinkWith()
    const path = join(directory, results)
    await sink.write({ events: [event(1)] }, never)
    renameSync(path, `${path}-20260329`)
    await sink.write({ events: [event(2)] }, never)
    expect(text(`${results}-20260329`)).toBe(linesOf([event(1)]))
    expect(text()).toBe(linesOf([event(2)]))
    unlinkSync(path)
    writeFileSync(path, '', { mode: 0o600 })
    await sink.write({ events: [event(3)] }, never)
    expect(text()).toBe(linesOf([event(3)]))
    writeFileSync(path, '')
    await sink.write({ events: [event(4)] }, never)
    expect(text()).toBe(linesOf([event(4)]))
  })
})

describe('after a crash', () => {
  const torn = event(2).line.slice(0, 40)

  it.each([
    ['cuts a torn last line, which will be sent again whole', linesOf([event(1)]) + torn, linesOf([event(1)])],
    ['ends a last line that lacks its line end only', event(1).line, linesOf([event(1)])],
    ['cuts a file that is one torn line', torn, ''],
    ['leaves a whole file as it is', linesOf([event(1)]), linesOf([event(1)])],
    [
      'cuts a torn line that is longer than one look back',
      `${linesOf([event(1)])}${'x'.repeat(100_000)}`,
      linesOf([event(1)]),
    ],
  ])('%s', async (_, before, expected) => {
    mkdirSync(directory, { mode: 0o700 })
    writeFileSync(join(directory, results), before)
    await sinkWith().write({ events: [event(3)] }, never)
    expect(text()).toBe(expected + linesOf([event(3)]))
  })

  it('loses no acknowledged line and leaves no torn one, killed at any moment', { timeout: 120_000 }, async () => {
    const program = `
      import { openFileSink, fileSink } from ${JSON.stringify(new URL('../../../daemon/sinks/file.ts', import.meta.url).href)}
      const context = { name: 'x', host: 'h', version: '1', secret: () => '', warn: () => undefined }
      const [directory, first] = process.argv.slice(1)
      const sink = openFileSink(fileSink.options.parse({ directory, rotate_bytes: 20000, keep: 1000, compression: 'none' }), context, Date.now)
      for (let at = Number(first); ; at += 10) {
        const events = Array.from({ length: 10 }, (_, index) => ({
          kind: 'result', query: 'q', unixTime: 1, sequence: at + index, id: 'h-' + (at + index), checksum: 0,
          line: JSON.stringify({ sequence: at + index, filler: 'y'.repeat(300) }),
        }))
        await sink.write({ events }, new AbortController().signal)
        process.stdout.write(at + 9 + '\\n')
      }`
    let acknowledged = 0
    for (let round = 0; round < 8; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, directory, String(acknowledged + 1)])
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk
        if (said.split('\n').length > 5 + round * 3) child.kill('SIGKILL')
      })
      await new Promise((resolve) => child.once('close', resolve))
      acknowledged = Math.max(acknowledged, ...said.split('\n').slice(0, -1).map(Number))
    }
    await sinkWith({ rotate_bytes: 0 }).write({ events: [event(1, { line: '{"sequence":0}' })] }, never)
    const all = readdirSync(directory)
      .filter((name) => name.startsWith(results))
      .map((name) => text(name))
      .join('')
    const sequences = new Set(
      all
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).sequence as number),
    )
    expect(acknowledged).toBeGreaterThan(100)
    for (let sequence = 1; sequence <= acknowledged; sequence += 1) expect(sequences.has(sequence)).toBe(true)
  })
})

const canMount = (() => {
  const place = mkdtempSync(join(tmpdir(), 'threecx-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', place], { stdio: 'ignore' })
    execFileSync('umount', [place], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(place, { recursive: true })
  }
})()

describe.skipIf(!canMount)('a full disk (skipped where no small file system can be mounted)', () => {
  it('fails with unavailable, leaves whole lines only, and takes the same batch once there is room', async () => {
    mkdirSync(directory, { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'none', directory])
    try {
      const sink = sinkWith()
      await sink.write({ events: events(1, 10) }, never)
      writeFileSync(join(directory, 'ballast'), Buffer.alloc(32 * 1024))
      const batch = { events: events(11, 300) }
      const failure = await failureOf(sink.write(batch, never))
      expect(failure.code).toBe('unavailable')
      expect(failure.message).toMatch(/ENOSPC/)
      expect(text()).toBe(linesOf(events(1, 10)))
      unlinkSync(join(directory, 'ballast'))
      execFileSync('mount', ['-o', 'remount,size=512k', directory])
      await sink.write(batch, never)
      expect(text()).toBe(linesOf(events(1, 300)))
    } finally {
      for (const sink of [...open]) await closed(sink)
      execFileSync('umount', [directory])
    }
  })

  it('that is read-only needs a person', () => {
    mkdirSync(directory, { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700,ro', 'none', directory])
    try {
      expect(() => sinkWith()).toThrow(/EROFS.*read-only/)
    } finally {
      execFileSync('umount', [directory])
    }
  })
})

describe('hostile neighbours', () => {
  it('a symbolic link in place of the log is refused and not written through', async () => {
    const sink = sinkWith()
    writeFileSync(join(base, 'victim'), 'precious\n')
    symlinkSync(join(base, 'victim'), join(directory, results))
    const failure = await failureOf(sink.write({ events: [event(1)] }, never))
    expect(failure.code).toBe('misconfigured')
    expect(failure.message).toMatch(/symbolic link/)
    expect(readFileSync(join(base, 'victim'), 'utf8')).toBe('precious\n')
  })

  it('a pipe in place of the log is refused without waiting for its reader', async () => {
    const sink = sinkWith()
    execFileSync('mkfifo', [join(directory, results)])
    expect(await failureOf(sink.write({ events: [event(1)] }, never))).toMatchObject({ code: 'misconfigured' })
  })

  it.each([0o777, 0o770, 0o1777])('a directory of mode %o that others can write to is refused', (mode) => {
    mkdirSync(directory)
    chmodSync(directory, mode)
    expect(() => sinkWith()).toThrow(/refused: others can write to it/)
  })

  it('a directory that others can replace is refused', () => {
    mkdirSync(join(base, 'shared'))
    chmodSync(join(base, 'shared'), 0o777)
    expect(() => sinkWith({ directory: join(base, 'shared', 'logs') })).toThrow(/others can replace it through/)
  })

  it('a second owner is refused, and welcome after the first has closed', async () => {
    const first = sinkWith()
    expect(() => sinkWith()).toThrow(/in use by another process/)
    await first.write({ events: [event(1)] }, never)
    const script = `new (require('node:sqlite').DatabaseSync)(process.argv[1], { timeout: 0 }).exec('BEGIN EXCLUSIVE')`
    const lock = join(directory, '.threecx-hunter.lock')
    expect(() => execFileSync(process.execPath, ['-e', script, lock], { stdio: 'pipe' })).toThrow(/locked/)
    await closed(first)
    await sinkWith().write({ events: [event(2)] }, never)
    expect(text()).toBe(linesOf(events(1, 2)))
  })

  it('a directory that vanished is named, and one that came back is used', async () => {
    const sink = sinkWith()
    await sink.write({ events: [event(1)] }, never)
    renameSync(directory, join(base, 'away'))
    expect(await failureOf(sink.write({ events: [event(2)] }, never))).toMatchObject({ code: 'misconfigured' })
    renameSync(join(base, 'away'), directory)
    await sink.write({ events: [event(2)] }, never)
    expect(text()).toBe(linesOf(events(1, 2)))
  })

  it('one log that cannot be written fails its own events only', async () => {
    const sink = sinkWith()
    mkdirSync(join(directory, 'osqueryd.snapshots.log'))
    const batch = { events: [event(1), event(2, { kind: 'snapshot' }), event(3)] }
    const failure = await failureOf(sink.write(batch, never))
    expect(failure.failures).toEqual([{ sequence: 2, reason: failure.message, isFinal: false }])
    expect(text()).toBe(linesOf([event(1), event(3)]))
  })

  it('a write that is aborted rejects and a later one goes on', async () => {
    const sink = sinkWith()
    expect(await failureOf(sink.write({ events: [event(1)] }, AbortSignal.abort()))).toMatchObject({
      code: 'unavailable',
    })
    await sink.write({ events: [event(1)] }, never)
    appendFileSync(join(directory, results), 'torn')
    expect(text()).toBe(`${linesOf([event(1)])}torn`)
  })
})
