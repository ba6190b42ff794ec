/** Lines that hold one of many strings: one table of cases for every engine, a referee, and the engines compared. */
import { appendFileSync, chmodSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FileIdentity, LinesBatch, LinesRequest, ScanEngine } from '../../../extension/native/index.ts'
import { HostileTree } from '../../support/hostile-tree.ts'
import { never } from './ask.ts'
import { contenders } from './engines.ts'

const xz =
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAlZmlyc3QKdmlzaXQgTVNFREdFVVBEQVRFLm5ldCBub3cKbGFzdAoAAADqYyM9Yl3KjgABPiarK06zH7bzfQEAAAAABFla'
const bzip2 = 'QlpoOTFBWSZTWeyym38AAApXgAAQQAEmgk4AIyWdgCAAMUGjRoMgNCgGgaDQep0MWRUba1YTMzkm7oA5Kx6rgJTvSHxdyRThQkOyym38'

const domains = ['msedgeupdate.net', 'sbmsa.wiki', 'pbxsources.com', 'od.lk']

function requestOf(changes: Partial<LinesRequest> = {}): LinesRequest {
  const limits = { headLines: 0, maxLineBytes: 512, maxLines: 1_000_000, maxBytes: 2 ** 40, timeoutMs: 60_000 }
  return { patterns: domains, ...limits, ...changes }
}

interface Told {
  readonly lines: readonly (readonly [offset: number, text: string, flags: string])[]
  readonly packing: string
  readonly read: number
  readonly problem: string | undefined
}

async function ask(
  engine: ScanEngine,
  tree: HostileTree,
  path: string,
  changes: Partial<LinesRequest> = {},
): Promise<Told> {
  const batches = await allOf(engine.lines([tree.root], { root: 0, path }, requestOf(changes), never))
  const last = batches.at(-1)
  if (last === undefined) throw new Error('a reading yields at least one batch')
  expect(batches.slice(0, -1).every((batch) => batch.problem === undefined)).toBe(true)
  const lines = batches.flatMap((batch) => batch.lines)
  return {
    lines: lines.map(({ offset, bytes, isCut, isFound }) => [
      offset,
      Buffer.from(bytes).toString('latin1'),
      `${isCut ? 'cut ' : ''}${isFound ? 'found' : 'head'}`,
    ]),
    packing: last.packing,
    read: last.read,
    problem: last.problem?.code,
  }
}

interface Row {
  readonly name: string
  readonly text: string | Buffer
  readonly changes?: Partial<LinesRequest>
  readonly lines: Told['lines']
  readonly problem?: string
  /** Node's decoders keep to themselves what they unpacked in the call that fails. */
  readonly isLossy?: boolean
}

const long = (before: number, after: number) => `${'a'.repeat(before)}sbmsa.wiki${'z'.repeat(after)}`

const rows: readonly Row[] = [
  { name: 'an empty file has no lines', text: '', changes: { headLines: 3 }, lines: [] },
  {
    name: 'lines that hold a string in any case come back with their place',
    text: 'one\nvisit MsEdgeUpdate.NET now\ntwo\nod.lk\n',
    lines: [
      [4, 'visit MsEdgeUpdate.NET now', 'found'],
      [35, 'od.lk', 'found'],
    ],
  },
  { name: 'a last line needs no end', text: 'x\nsbmsa.wiki', lines: [[2, 'sbmsa.wiki', 'found']] },
  {
    name: 'a CR is part of an end only before a LF',
    text: 'od.lk\r\r\nod.lk\r',
    lines: [
      [0, 'od.lk\r', 'found'],
      [8, 'od.lk\r', 'found'],
    ],
  },
  { name: 'NULs are bytes like others', text: '\0od.lk\0\n\0\n', lines: [[0, '\0od.lk\0', 'found']] },
  { name: 'a string across a line end is none', text: 'sbmsa.\nwiki\nsbmsa.\r\nwiki', lines: [] },
  {
    name: 'first lines and headings come back whatever is in them, and tell whether a string is',
    text: 'head\nod.lk\nmore\n#Fields a\nx\n#od.lk\n # no\n',
    changes: { headLines: 2, headingPrefix: '#' },
    lines: [
      [0, 'head', 'head'],
      [5, 'od.lk', 'found'],
      [16, '#Fields a', 'head'],
      [28, '#od.lk', 'found'],
    ],
  },
  {
    name: 'more first lines than there are',
    text: 'a\n\nb',
    changes: { headLines: 9 },
    lines: [
      [0, 'a', 'head'],
      [2, '', 'head'],
      [3, 'b', 'head'],
    ],
  },
  {
    name: 'a line of just the longest length is whole',
    text: `${long(251, 251)}\r\n`,
    lines: [[0, long(251, 251), 'found']],
  },
  {
    name: 'a longer line is cut around the string',
    text: `x\n${long(1000, 1000)}\n`,
    lines: [[2 + 744, `${'a'.repeat(256)}sbmsa.wiki${'z'.repeat(246)}`, 'cut found']],
  },
  {
    name: 'strings of a long line that no piece holds give further pieces',
    text: `${long(0, 600)}${long(0, 0)}`,
    lines: [
      [0, `sbmsa.wiki${'z'.repeat(502)}`, 'cut found'],
      [512, `${'z'.repeat(98)}sbmsa.wiki`, 'cut found'],
    ],
  },
  {
    name: 'a long first line gives its beginning and what is found behind it',
    text: long(600, 0),
    changes: { headLines: 1 },
    lines: [
      [0, 'a'.repeat(512), 'cut head'],
      [512, `${'a'.repeat(88)}sbmsa.wiki`, 'cut found'],
    ],
  },
  {
    name: 'maxLines ends it',
    text: 'od.lk 1\n'.repeat(3),
    changes: { maxLines: 2 },
    lines: [
      [0, 'od.lk 1', 'found'],
      [8, 'od.lk 1', 'found'],
    ],
    problem: 'too_many',
  },
  {
    name: 'maxLines is enough when there are no more',
    text: 'od.lk\nod.lk\nx\n',
    changes: { maxLines: 2 },
    lines: [
      [0, 'od.lk', 'found'],
      [6, 'od.lk', 'found'],
    ],
  },
  {
    name: 'maxBytes ends it, and what was there counts',
    text: 'od.lk 1\nod.lk 2\n',
    changes: { maxBytes: 13 },
    lines: [
      [0, 'od.lk 1', 'found'],
      [8, 'od.lk', 'found'],
    ],
    problem: 'too_big',
  },
  {
    name: 'maxBytes is enough for as much',
    text: 'od.lk 1\n',
    changes: { maxBytes: 8 },
    lines: [[0, 'od.lk 1', 'found']],
  },
  {
    name: 'UTF-16 in either order comes back as UTF-8 with the place in the file',
    text: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('é😀\nsee OD.LK ü\r\nx', 'utf16le')]),
    lines: [[10, Buffer.from('see OD.LK ü').toString('latin1'), 'found']],
  },
  {
    name: 'UTF-16 with the high byte first, halves of pairs, and an odd byte at the end',
    text: Buffer.concat([
      Buffer.from([0xfe, 0xff]),
      Buffer.from('\ud800a\nod.lk\udc00', 'utf16le').swap16(),
      Buffer.from([1]),
    ]),
    lines: [[8, Buffer.from('od.lk\ufffd\ufffd').toString('latin1'), 'found']],
  },
  {
    name: 'strings that begin and end alike',
    text: 'abcd\nxbcdx\nabc\nbcdefg\n',
    changes: { patterns: ['abcde', 'bcd', 'abcd', 'cdefg', 'abc'] },
    lines: [
      [0, 'abcd', 'found'],
      [5, 'xbcdx', 'found'],
      [11, 'abc', 'found'],
      [15, 'bcdefg', 'found'],
    ],
  },
  ...['gzip', 'zstd'].flatMap((packing): Row[] => {
    const pack = (text: string) => (packing === 'gzip' ? gzipSync(text) : zstdCompressSync(text))
    const two = Buffer.concat([pack('first\nod.'), pack(''), pack('lk\nlast')])
    return [
      { name: `${packing} of several members is one text`, text: two, lines: [[6, 'od.lk', 'found']] },
      {
        name: `${packing} that ends too early gives what came before`,
        text: Buffer.concat([pack('od.lk\n'), pack('x'.repeat(99)).subarray(0, -6)]),
        lines: [[0, 'od.lk', 'found']],
        problem: 'damaged',
      },
      {
        name: `a bomb of ${packing} ends at maxBytes`,
        text: pack('od.lk\n'.repeat(1e5)),
        changes: { maxBytes: 6 },
        lines: [[0, 'od.lk', 'found']],
        problem: 'too_big',
      },
    ]
  }),
  {
    name: 'padding behind gzip is no damage',
    text: Buffer.concat([gzipSync('od.lk'), Buffer.alloc(512)]),
    lines: [[0, 'od.lk', 'found']],
  },
  {
    name: 'something else behind gzip is damage',
    text: Buffer.concat([gzipSync('od.lk\n'), Buffer.from('garbage garbage')]),
    lines: [[0, 'od.lk', 'found']],
    problem: 'damaged',
    isLossy: true,
  },
  {
    name: 'UTF-16 inside gzip',
    text: gzipSync(Buffer.from('\ufeffa\nod.lk', 'utf16le')),
    lines: [[6, 'od.lk', 'found']],
  },
  { name: 'what only begins like gzip is damage', text: Buffer.from('1f8b0800', 'hex'), lines: [], problem: 'damaged' },
]

describe.each(contenders())('$label', ({ label, engine, problem }) => {
  if (engine === undefined) return it.skip(`every case: ${problem}`)
  const isNative = label === 'native'

  it.for(rows)('$name', async (row) => {
    const tree = newTree()
    tree.file('log', typeof row.text === 'string' ? Buffer.from(row.text, 'latin1') : row.text)
    const told = await ask(engine, tree, 'log', row.changes)
    const lines = row.isLossy && !isNative ? told.lines : row.lines
    expect({ lines: told.lines, problem: told.problem }).toEqual({ lines, problem: row.problem })
    if (row.problem === undefined && told.packing === 'none')
      expect(told.read).toBe(Buffer.from(row.text as string, 'latin1').length)
  })

  it('unpacks xz and bzip2, or says that it cannot', async () => {
    const tree = newTree()
    for (const [name, sample] of [
      ['xz', xz],
      ['bzip2', bzip2],
    ] as const) {
      const bytes = Buffer.from(sample, 'base64')
      tree.file(name, Buffer.concat([bytes, bytes]))
      tree.file(`${name}.cut`, bytes.subarray(0, -20))
      const told = await ask(engine, tree, name)
      const found = [6, 'visit MSEDGEUPDATE.net now', 'found']
      const again = [44, 'visit MSEDGEUPDATE.net now', 'found']
      expect(told).toMatchObject(
        isNative
          ? { lines: [found, again], packing: name, read: 76 }
          : { lines: [], packing: name, problem: 'unsupported' },
      )
      expect((await ask(engine, tree, `${name}.cut`)).problem).toBe(isNative ? 'damaged' : 'unsupported')
    }
  })

  it('refuses a window that would take too much memory', async () => {
    const tree = newTree()
    // A frame that asks for a window of 256 MiB: https://www.rfc-editor.org/rfc/rfc8878#name-window-descriptor
    tree.file('zst', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 1, 0, 0]))
    expect((await ask(engine, tree, 'zst')).problem).toBe('too_big')
  })

  it('finds a string wherever a block ends', async () => {
    const tree = newTree()
    const block = 256 * 1024
    for (let cut = -14; cut <= 14; cut++) {
      const line = 'w sbmsa.wiki w'
      const text = `${'x\n'.repeat((block + cut) >> 1)}${cut & 1 ? '\n' : ''}${line}\n${'.'.repeat(block)}`
      tree.file('log', text)
      expect((await ask(engine, tree, 'log')).lines).toEqual([[text.indexOf(line), line, 'found']])
    }
  })

  it('cuts pieces out of a line of 250 MB without holding it', async () => {
    const tree = newTree()
    const path = logOf(tree, 'x\n')
    for (let i = 0; i < 250; i++) appendFileSync(path, 'y'.repeat(1_000_000))
    appendFileSync(path, ' sbmsa.wiki \nod.lk\n')
    const before = process.memoryUsage().rss
    const told = await ask(engine, tree, 'log')
    expect(told.lines).toEqual([
      [2 + 250_000_001 - 256, `${'y'.repeat(255)} sbmsa.wiki `, 'cut found'],
      [250_000_015, 'od.lk', 'found'],
    ])
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000)
  })

  it('tells what kept a file from being read', async () => {
    const tree = newTree()
    tree.file('log', 'od.lk\n')
    symlinkSync('log', join(tree.root, 'link'))
    tree.fifo('fifo')
    tree.directory('folder')
    const codes: (string | undefined)[] = []
    for (const path of ['link', 'fifo', 'folder', 'gone', '../log']) codes.push((await ask(engine, tree, path)).problem)
    expect(codes.slice(0, 4)).toEqual(['symlink', 'not_regular', 'not_regular', 'vanished'])
    expect(codes[4]).toBeDefined()
    if (process.getuid?.() !== 0) {
      chmodSync(join(tree.root, 'log'), 0)
      expect((await ask(engine, tree, 'log')).problem).toBe('denied')
    }
    const batches = await allOf(engine.lines([join(tree.root, 'none')], { root: 0, path: 'log' }, requestOf(), never))
    expect(batches.map((batch) => batch.problem?.code)).toEqual(['vanished'])
  })

  it('tells that a file is not the expected one', async () => {
    const tree = newTree()
    const path = logOf(tree, 'od.lk\n')
    const [found] = await engine.stat([tree.root], [{ root: 0, path: 'log' }])
    const expected = found as FileIdentity
    const read = () => allOf(engine.lines([tree.root], { root: 0, path: 'log', expected }, requestOf(), never))
    expect((await read()).at(-1)?.problem).toBeUndefined()
    appendFileSync(path, 'x')
    expect((await read()).map((batch) => batch.problem?.code)).toEqual(['changed'])
  })

  it('reads a log that grows to where it ended, and one that shrinks to where it ends', async () => {
    const tree = newTree()
    const path = logOf(tree, 'od.lk\n'.repeat(4_000_000))
    for (const change of ['grow', 'shrink']) {
      const seen: LinesBatch[] = []
      for await (const batch of engine.lines(
        [tree.root],
        { root: 0, path: 'log' },
        requestOf({ maxLines: 1e9 }),
        never,
      )) {
        if (seen.length === 0 && change === 'grow') appendFileSync(path, 'more\n')
        if (seen.length === 0 && change === 'shrink') truncateSync(path, 12_000_000)
        seen.push(batch)
      }
      const last = seen.at(-1)
      expect(last?.problem?.code).toBe(change === 'grow' ? undefined : 'changed')
      expect(seen.reduce((sum, batch) => sum + batch.lines.length, 0)).toBe(change === 'grow' ? 4_000_000 : 2_000_000)
    }
  })

  it('ends when it is aborted, before and while it reads', async () => {
    const tree = newTree()
    tree.file('log', 'od.lk\n'.repeat(1_000_000))
    const read = (signal: AbortSignal) =>
      engine.lines([tree.root], { root: 0, path: 'log' }, requestOf({ maxLines: 1e9 }), signal)
    await expect(read(AbortSignal.abort(new Error('enough'))).next()).rejects.toThrow('enough')
    const controller = new AbortController()
    const running = read(controller.signal)
    expect((await running.next()).done).toBe(false)
    controller.abort(new Error('enough'))
    await expect(allOf(running)).rejects.toThrow('enough')
  })

  it('gives up when the time is over', async () => {
    const tree = newTree()
    tree.file('log', 'x\n'.repeat(1_000_000))
    expect((await ask(engine, tree, 'log', { timeoutMs: 0 })).problem).toBe('timeout')
  })

  it('refuses requests beyond the bounds', async () => {
    const tree = newTree()
    tree.file('log', 'x')
    const refused = (changes: Partial<LinesRequest>) => expect(ask(engine, tree, 'log', changes)).rejects
    await refused({ patterns: [] }).toThrow(/0 strings/)
    await refused({ patterns: ['ab'] }).toThrow(/2 bytes/)
    await refused({ patterns: ['a\nb'] }).toThrow(/printable/)
    await refused({ patterns: Array.from({ length: 20_001 }, () => 'abc') }).toThrow(/20001 strings/)
    await refused({ maxLineBytes: 100 }).toThrow(/maxLineBytes/)
  })

  it('looks for 20,000 strings of many lengths', async () => {
    const tree = newTree()
    const patterns = Array.from(
      { length: 20_000 },
      (_, i) => `${(i * 7919).toString(36)}.${'x'.repeat(i % 200)}example`,
    )
    const chosen = patterns.filter((_, i) => i % 1999 === 0)
    tree.file('log', chosen.map((one, i) => `noise ${i} <${one.toUpperCase()}> noise\nexample.org\n`).join(''))
    const told = await ask(engine, tree, 'log', { patterns })
    expect(told.lines.map(([, text]) => text)).toEqual(
      chosen.map((one, i) => `noise ${i} <${one.toUpperCase()}> noise`),
    )
  })

  it('agrees with a naive reading of short texts', async () => {
    const tree = newTree()
    const piece = fc.oneof(
      fc.stringMatching(/^[abAB.]{1,4}$/),
      fc.constantFrom('\n', '\r\n', '\n#', '\0', 'ab'.repeat(300)),
    )
    const strings = fc.array(fc.stringMatching(/^[abAB.]{3,8}$/), { minLength: 1, maxLength: 6 })
    const property = fc.asyncProperty(fc.array(piece, { maxLength: 40 }), strings, async (pieces, patterns) => {
      const text = pieces.join('')
      writeFileSync(join(tree.root, 'log'), text)
      const told = await ask(engine, tree, 'log', { patterns })
      const wanted = patterns.map((one) => one.toLowerCase())
      let offset = 0
      const expected = text.split('\n').flatMap((line, i, all) => {
        const start = offset
        offset += line.length + 1
        const whole = i < all.length - 1 ? line.replace(/\r$/, '') : line
        const isFound = wanted.some((one) => whole.toLowerCase().includes(one))
        return isFound ? [{ start, end: start + whole.length, isCut: whole.length > 512 }] : []
      })
      const lineOf = (at: number) => expected.find((line) => at >= line.start && at <= line.end)
      expect(new Set(told.lines.map(([at]) => lineOf(at)?.start))).toEqual(new Set(expected.map((line) => line.start)))
      for (const [at, bytes, flags] of told.lines) {
        const line = lineOf(at)
        expect(flags).toBe(line?.isCut ? 'cut found' : 'found')
        expect(bytes).toBe(text.slice(at, at + bytes.length))
        if (!line?.isCut) expect([at, at + bytes.length]).toEqual([line?.start, line?.end])
      }
    })
    await fc.assert(property, { numRuns: 150 })
  })
})

describe('the engines compared', () => {
  const [native, portable] = contenders()
  const both = [native?.engine, portable?.engine] as const

  it.runIf(both[0])('give the same of any text, packed or not', async () => {
    const tree = newTree()
    const piece = fc.oneof(
      fc.stringMatching(/^[a-dA-D.é😀]{1,9}$/u),
      fc.constantFrom('\n', '\r\n', '\n#', '\ud800', 'abcd'.repeat(90), 'é'.repeat(400)),
    )
    const strings = fc.array(fc.stringMatching(/^[a-dA-D.]{3,12}$/), { minLength: 1, maxLength: 9 })
    const forms = ['utf8', 'utf16le', 'utf16be', 'gzip', 'zstd'] as const
    const property = fc.asyncProperty(
      fc.array(piece, { maxLength: 80 }),
      strings,
      fc.constantFrom(...forms),
      fc.nat(3),
      async (pieces, patterns, form, headLines) => {
        writeFileSync(join(tree.root, 'log'), inForm(form, pieces.join('')))
        const changes = { patterns, headLines, headingPrefix: '#' }
        const [one, other] = await Promise.all(both.map((engine) => engine && ask(engine, tree, 'log', changes)))
        expect(one).toEqual(other)
      },
    )
    await fc.assert(property, { numRuns: 300 })
  })

  it.runIf(both[0])('give the same of a large file, which the native one reads in parts', async () => {
    const tree = newTree()
    const path = logOf(tree, '#head\nsecond\n')
    for (let i = 0; i < 90; i++) {
      const filler = i % 20 === 7 ? 'q'.repeat(1_000_000) : 'some line of a log\n'.repeat(52_000)
      appendFileSync(path, `${filler} see od.LK ${i}\n${i % 9 === 0 ? `#Fields ${i}\n` : ''}`)
    }
    const changes = { headLines: 2, headingPrefix: '#', maxLineBytes: 4096 }
    const [one, other] = await Promise.all(both.map((engine) => engine && ask(engine, tree, 'log', changes)))
    expect(one?.lines.length).toBe(102)
    expect(one).toEqual(other)
    for (const limits of [{ maxLines: 50 }, { maxBytes: 80_000_000 }]) {
      const cut = await Promise.all(both.map((engine) => engine && ask(engine, tree, 'log', { ...changes, ...limits })))
      expect(cut[0]?.problem).toBeDefined()
      expect(cut[0]?.lines).toEqual(cut[1]?.lines)
    }
  })
})

function inForm(form: 'utf8' | 'utf16le' | 'utf16be' | 'gzip' | 'zstd', text: string): Buffer {
  const wide = Buffer.from(`\ufeff${text}`, 'utf16le')
  if (form === 'utf16le') return wide
  if (form === 'utf16be') return wide.swap16()
  if (form === 'gzip') return gzipSync(text)
  return form === 'zstd' ? zstdCompressSync(text) : Buffer.from(text)
}

async function allOf(reading: AsyncIterable<LinesBatch>): Promise<LinesBatch[]> {
  const batches: LinesBatch[] = []
  for await (const batch of reading) batches.push(batch)
  return batches
}

/** A file named log, by its path. */
function logOf(tree: HostileTree, text: string): string {
  tree.file('log', text)
  return join(tree.root, 'log')
}

function newTree(): HostileTree {
  const tree = new HostileTree()
  onTestFinished(() => tree.remove())
  return tree
}
