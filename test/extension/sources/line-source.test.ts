/** Text logs as sources: from found lines to evidence. */
import { describe, expect, it } from 'vitest'
import type { LinesBatch } from '../../../extension/native/lines.ts'
import { lineSource, observablesOf } from '../../../extension/sources/line-source.ts'
import type { LogFormat } from '../../../extension/sources/log-format.ts'
import type { Needles, SourceFile, SourceReader, SourceRecord } from '../../../extension/sources/source.ts'

const about = { reads: 'tests', blind: 'all else', platforms: ['linux'] } as const
const file: SourceFile = {
  path: '/logs/one.log',
  name: 'one.log',
  size: 100,
  mtime: 1_680_000_000,
  platform: 'linux',
  user: '',
}
const needles: Needles = { texts: ['evil'], mayHold: () => true }
const never = new AbortController().signal

/** `TIME HOST`, after a heading that names the word before it. */
const words: LogFormat = {
  name: 'words',
  about,
  headLines: 1,
  recognises: (lines) => lines[0]?.startsWith('#words') ?? false,
  parse: (line, { headings }) => {
    const [time, host] = line.split(' ')
    return host === undefined ? undefined : { time: Number(time), hosts: [host], client: headings.join('|') }
  },
}
const other: LogFormat = { ...words, name: 'other', recognises: () => false }

function reader(batches: readonly LinesBatch[]): SourceReader {
  return {
    read: async () => new Uint8Array(),
    async *lines() {
      yield* batches
    },
    events: () => {
      throw new Error('a text log is read by lines')
    },
    mayHold: async () => true,
    beside: async () => undefined,
  }
}

function batch(lines: readonly (readonly [string, boolean])[], more: Partial<LinesBatch> = {}): LinesBatch {
  let offset = 0
  const found = lines.map(([text, isFound]) => {
    const bytes = new TextEncoder().encode(text)
    const line = { offset, bytes, isCut: false, isFound }
    offset += bytes.length + 1
    return line
  })
  return { lines: found, packing: 'none', read: offset, ...more }
}

async function read(formats: readonly LogFormat[], ...batches: readonly LinesBatch[]): Promise<SourceRecord[]> {
  const records: SourceRecord[] = []
  for await (const one of lineSource('auto', about, formats).read(file, reader(batches), needles, never))
    records.push(one)
  return records
}

describe('a log', () => {
  it('gives evidence with the place and text of the line, by the format that its first lines tell', async () => {
    const [found, ...rest] = await read(
      [other, words],
      batch([
        ['#words', false],
        ['7 evil.example', true],
      ]),
    )
    expect(rest).toEqual([])
    expect(found).toEqual({
      source: 'words',
      path: '/logs/one.log',
      offset: 7,
      length: 14,
      raw: '7 evil.example',
      time: 7,
      client: '#words',
      observables: [{ type: 'domain', value: 'evil.example' }],
    })
  })

  it('shows no password that an address in the line has', async () => {
    const [found] = await read([words], batch([['1 evil.example http://user:secret@evil.example/', true]]))
    expect(found).toMatchObject({ raw: '1 evil.example http://user:***@evil.example/' })
  })

  it('says when lines that matter are of no known format, once', async () => {
    const records = await read(
      [other, { ...other, name: 'third' }],
      batch([
        ['evil one', true],
        ['evil two', true],
      ]),
    )
    expect(records).toEqual([
      { problem: { code: 'unknown_format', message: expect.stringContaining('column format') } },
    ])
  })

  it('passes on what the engine could not read, after what it could', async () => {
    const problem = { code: 'damaged' as const, message: 'the gzip stream ends early' }
    const records = await read([words], batch([['1 evil.example', true]], { problem }))
    expect(records.map((one) => ('problem' in one ? one.problem.code : one.raw))).toEqual(['1 evil.example', 'damaged'])
  })
})

describe('what a record names', () => {
  it('is a name, an address, or a whole URL with its host', () => {
    const said = {
      hosts: ['Evil.Example.', '192.0.2.7', 'no host at all'],
      urls: ['HTTPS://Sub.Evil.example:443/path#part', 'ftp://x/'],
      ips: ['2001:DB8::1'],
      cookie: '__tutma=1; other=2',
    }
    expect(observablesOf(said)).toEqual([
      { type: 'url', value: 'https://sub.evil.example/path' },
      { type: 'domain', value: 'evil.example' },
      { type: 'ip', value: '192.0.2.7' },
      { type: 'domain', value: 'sub.evil.example' },
      { type: 'ip', value: '2001:db8::1' },
      { type: 'cookie', value: '__tutma' },
      { type: 'cookie', value: 'other' },
    ])
  })
})
