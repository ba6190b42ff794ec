import { describe, expect, test } from 'vitest'
import { columnMap } from '../../../../extension/sources/logs/column-map.ts'

const context = { headings: ['When;Who;Where;Path;Address'], mtime: 1_680_436_800, filename: 'x' }

describe('a map from the configuration', () => {
  test('reads columns by their names', () => {
    const format = columnMap({ delimiter: ';', time: 'when', user: 'WHO', host: 'Where', url: 'path', ip: 'address' })
    expect(format.headLines).toBe(1)
    expect(format.parse('2023-03-29 14:02:11;jdoe;pbxsources.com;/queue;198.54.115.59', context)).toEqual({
      urls: ['http://pbxsources.com/queue'],
      ips: ['198.54.115.59'],
      time: 1_680_098_531,
      user: 'jdoe',
    })
    expect(format.parse(context.headings[0] ?? '', context)).toBeUndefined()
    expect(format.parse('2023-03-29 14:02:11', context)).toBeUndefined()
  })

  test('reads columns by their numbers, of a table without a heading', () => {
    const format = columnMap({ name: 'appliance', delimiter: '\t', time: 1, client: 2, host: 3 })
    expect([format.name, format.headLines]).toEqual(['appliance', 0])
    expect(format.parse('1680098531\t10.0.0.5\tpbxsources.com:443', { ...context, headings: [] })).toEqual({
      hosts: ['pbxsources.com'],
      time: 1_680_098_531,
      client: '10.0.0.5',
    })
  })

  test('reads members of JSON lines by their paths', () => {
    const format = columnMap({ format: 'json', time: 'meta.at', host: 'Peer.Name', url: 'peer.url' })
    expect(format.parse('{"meta":{"at":1680098531123},"peer":{"name":"pbxsources.com"}}', context)).toEqual({
      hosts: ['pbxsources.com'],
      time: 1_680_098_531.123,
    })
    expect(format.parse('{"peer":{"url":"hxxps://pbxsources.com/"}}', context)).toBeUndefined()
    expect(format.parse('peer', context)).toBeUndefined()
  })

  test('needs the heading that its names are in, and takes no file by itself', () => {
    const format = columnMap({ host: 'name' })
    expect(format.parse('pbxsources.com', { ...context, headings: [] })).toBeUndefined()
    expect(format.recognises(['name'], 'x.csv')).toBe(false)
  })
})
