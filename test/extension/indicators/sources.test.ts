import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { typedValue } from '../../../extension/indicators/import/value-type.ts'
import { IndicatorsError, importIndicators, openIndicatorPath } from '../../../extension/indicators/index.ts'

const golden = join(import.meta.dirname, '..', '..', 'golden', 'indicators')
const options = { nowMs: 0 }

describe('openIndicatorPath', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'lists-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it.each([
    ['csv/sophos.in.csv', 'csv', 28],
    ['list/ordinary.in.txt', 'list', 17],
    ['stix/ordinary.in.json', 'stix', 17],
    ['misp/ordinary.in.json', 'misp', 11],
    ['threecx/ordinary.in.json', 'threecx', 2],
  ])('opens %s as %s', (file, format, imported) => {
    const { sets, files } = openIndicatorPath(join(golden, file), options)
    expect(files[0]?.report).toMatchObject({ format, imported })
    expect(sets[0]?.indicators).toHaveLength(imported)
  })

  it('opens every list of a directory and passes over the rest', () => {
    mkdirSync(join(root, 'sub'))
    writeFileSync(join(root, 'a.txt'), 'a.example\n')
    writeFileSync(join(root, 'sub', 'a.txt'), 'b.example\n')
    writeFileSync(join(root, 'README.md'), 'c.example\n')
    expect(openIndicatorPath(root, options).sets.map((set) => set.id)).toEqual(['imported/a', 'imported/sub/a'])
  })

  it('opens a directory in our own layout', () => {
    const iocs = join(import.meta.dirname, '..', '..', '..', 'iocs')
    const { sets } = openIndicatorPath(iocs)
    expect(sets.map((set) => set.id)).toContain('3cx/sophos-2023-03')
  })

  it('fails with every file that cannot be read', () => {
    writeFileSync(join(root, 'a.json'), '{"hello": 1}')
    writeFileSync(join(root, 'b.txt'), new Uint8Array([0, 1, 2]))
    writeFileSync(join(root, 'c.txt'), 'good.example')
    try {
      openIndicatorPath(root, options)
      expect.unreachable()
    } catch (cause) {
      if (!(cause instanceof IndicatorsError)) throw cause
      expect(cause.problems.map((one) => one.message)).toEqual([
        'the JSON is neither an indicator set nor STIX nor MISP',
        'the file holds NUL characters; expected text',
      ])
    }
  })

  it('fails on a path that is not there and on a directory without lists', () => {
    expect(() => openIndicatorPath(join(root, 'none'))).toThrow(/the path cannot be read \(ENOENT\)/)
    expect(() => openIndicatorPath(root)).toThrow(/the directory holds no lists/)
  })
})

describe('importing', () => {
  it('reads UTF-16, as shells of Windows write it', () => {
    const bytes = new Uint8Array([0xff, 0xfe, ...Buffer.from('bad.example\r\n', 'utf16le')])
    expect(importIndicators(bytes, { name: 'x', nowMs: 0 }).set.indicators[0]?.value).toBe('bad.example')
  })

  it('gives digests no hints about files', () => {
    const { set } = importIndicators('aa124a4b4df12b34e74ee7f6c683b2ebec4ce9a8edcf9be345823b4fdcf5d868', {
      name: 'x',
      nowMs: 0,
    })
    expect(set.indicators[0]).toMatchObject({ status: 'malicious', level: 'critical' })
    expect(set.indicators[0]).not.toHaveProperty('names')
    expect(set.indicators[0]).not.toHaveProperty('kinds')
  })

  it('keeps shared hosts as context, and a parent that contains one', () => {
    const { set, report } = importIndicators(
      'github.com\ngithubusercontent.com\nhttps://raw.githubusercontent.com/\nhttps://raw.githubusercontent.com/x/y\n',
      { name: 'x', nowMs: 0 },
    )
    expect(set.indicators.map(({ value, status }) => [value, status])).toEqual([
      ['github.com', 'context'],
      ['githubusercontent.com', 'context'],
      ['https://raw.githubusercontent.com/', 'context'],
      ['https://raw.githubusercontent.com/x/y', 'malicious'],
    ])
    expect(report.remarks).toHaveLength(3)
  })

  it('names a set after its list', () => {
    expect(importIndicators('', { name: 'My List (2).CSV', nowMs: 0 }).set.id).toBe('imported/my-list-2')
    expect(importIndicators('', { name: '3cx/own-2023', nowMs: 0 }).set.id).toBe('3cx/own-2023')
    expect(importIndicators('', { name: '///', nowMs: 0 }).set.id).toBe('imported/list')
  })

  it('counts report lines beyond the ones it keeps', () => {
    const { report } = importIndicators('x y z\n'.repeat(1500), { name: 'x', nowMs: 0 })
    expect([report.read, report.skipped.length, report.omitted]).toEqual([1500, 1000, 500])
  })

  it('is done with a long hostile list in bounded time', () => {
    const line = `x${'['.repeat(2000)}.${']'.repeat(2000)}${' '.repeat(2000)}"`
    const started = performance.now()
    importIndicators(Array.from({ length: 500 }, () => line).join('\n'), { name: 'x', nowMs: 0 })
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('the type of a bare value', () => {
  it.each([
    ['update.exe', 'filename'],
    ['ffmpeg.dll', 'filename'],
    ['bad.example', 'domain'],
    ['command.com', 'domain'],
    ['198.51.100.7', 'ip'],
    ['198.51.100.7:443', 'ip'],
    ['[2001:db8::1]:443', 'ip'],
    ['a@b.example', 'email'],
    ['bad.example/path', 'url'],
    ['bad.example:8443/path', 'url'],
    ['%TEMP%\\x.exe', 'path'],
    ['/etc/passwd', 'path'],
    ['C:/x', 'path'],
    ['HKCU\\Software', 'registry_key'],
    ['18.12.416', undefined],
    ['localhost', undefined],
    ['10.0.0.0/8', undefined],
  ])('of %s is %s', (text, type) => {
    expect(typedValue(text)?.type).toBe(type)
  })
})
