/** The configuration file: what it may say, and everything that is wrong with it at once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configuredSources } from '../../../extension/configuration/configured-sources.ts'
import { parseConfiguration } from '../../../extension/configuration/parse-configuration.ts'
import { noConfiguration, openConfiguration } from '../../../extension/configuration/read-configuration.ts'

const parse = (text: string) => parseConfiguration(text, 'config.yaml')

describe('a configuration', () => {
  it('may be YAML or JSON, or empty', () => {
    const yaml = 'sources:\n  - path: /srv/dns/*.log*\n    format: dnsmasq\n'
    const json = '{"sources": [{"path": "/srv/dns/*.log*", "format": "dnsmasq"}]}'
    expect(parse(yaml)).toEqual({ sources: [{ path: '/srv/dns/*.log*', format: 'dnsmasq' }] })
    expect(parse(json)).toEqual(parse(yaml))
    expect(parse('')).toEqual({ sources: [] })
    expect(parse('# nothing yet\n')).toEqual(noConfiguration)
  })

  it('that is wrong tells everything at once, with lines', () => {
    const text = `sources:
  - path: logs/dns.log
  - path: /srv/../etc/x
    format: dnsmasq
  - path: /srv/a.csv
    columns: {time: when}
  - path: /srv/b.log
    delimiter: ';'
    colour: red
extra: 1
`
    expect(() => parse(text)).toThrow(/line 2: sources\.0\.path: expected an absolute path/)
    expect(() => parse(text)).toThrow(/line 3: sources\.1\.path: expected a path without \.\./)
    expect(() => parse(text)).toThrow(/line 6: sources\.2\.columns: expected at least one of host, url and ip/)
    expect(() => parse(text)).toThrow(/sources\.3: .*colour/)
    expect(() => parse(text)).toThrow(/extra/)
  })

  it.each([
    ['no YAML', 'sources: [', /line \d+: /],
    ['a bomb of aliases', bomb(), /alias/i],
    ['a list', '- 1\n', /line 1: .*expected object/],
    ['delimiter without columns', 'sources: [{path: /a, delimiter: ";"}]', /beside columns of a table/],
    ['name without columns', 'sources: [{path: /a, name: x}]', /beside columns/],
    ['columns of a format of its own', 'sources: [{path: /a, format: squid, columns: {host: 1}}]', /csv or json_lines/],
    ['a name that is none', 'sources: [{path: /a, name: "A B", columns: {host: 1}}]', /snake_case/],
  ])('that is %s is refused', (_, text, message) => {
    expect(() => parse(text)).toThrow(message)
  })
})

function bomb(): string {
  const names = Array.from({ length: 12 }, (_, at) => `l${at}`)
  const level = (name: string, at: number) =>
    at === 0 ? `${name}: &${name} [x]` : `${name}: &${name} [${`*l${at - 1},`.repeat(9)}]`
  return `${names.map(level).join('\n')}\n`
}

describe('the file', () => {
  let directory: string
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'threecx-configuration-'))
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  it('that was named must be there; the default one need not', async () => {
    const missing = join(directory, 'missing.yaml')
    await expect(openConfiguration(missing, {}, 'linux')).rejects.toThrow(/cannot read configuration .*missing\.yaml/)
    expect(await openConfiguration(undefined, { ProgramData: directory }, 'win32')).toEqual(noConfiguration)
  })

  it('that is too large or no text is refused', async () => {
    const large = join(directory, 'large.yaml')
    writeFileSync(large, '#'.repeat(2 << 20))
    await expect(openConfiguration(large, {}, 'linux')).rejects.toThrow(/expected at most/)
    const binary = join(directory, 'binary.yaml')
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]))
    await expect(openConfiguration(binary, {}, 'linux')).rejects.toThrow(/cannot read configuration/)
  })
})

describe('configured sources', () => {
  it('become places of every system, without drive and leading slash', () => {
    const { places, sources } = configuredSources(
      parse(`sources:
  - {path: 'D:\\Logs\\<user>\\*.log', platform: windows}
  - {path: /srv/dns.log, format: dnsmasq, user: bind}
  - {path: /srv/p.csv, columns: {host: 2}, name: our_proxy}
`),
      ['dnsmasq'],
    )
    const said = places.map(({ platform, pattern, source, user }) => ({ platform, pattern, source, user }))
    expect(said.slice(0, 2)).toEqual([
      { platform: 'windows', pattern: 'Logs/<user>/*.log', source: 'auto', user: undefined },
      { platform: 'windows', pattern: 'srv/dns.log', source: 'dnsmasq', user: 'bind' },
    ])
    expect(places).toHaveLength(7)
    expect(sources.map(({ name }) => name)).toEqual(['configured_3'])
    expect(new Set(places.map(({ id }) => id)).size).toBe(7)
  })

  it('of an unknown format are refused, all at once', () => {
    const both = parse('sources: [{path: /a, format: nope}, {path: /b, format: neither}]')
    expect(() => configuredSources(both, ['squid'])).toThrow(/\/a: .*nope.*\/b: .*neither.*expected one of squid/)
  })
})
