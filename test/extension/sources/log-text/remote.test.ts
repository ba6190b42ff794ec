import { describe, expect, test } from 'vitest'
import { isInternal, remoteOf } from '../../../../extension/sources/log-text/remote.ts'

describe('the other side', () => {
  test.each([
    ['Pbxsources.com.', { hosts: ['Pbxsources.com.'] }],
    ['pbxsources.com:443', { hosts: ['pbxsources.com'] }],
    ['bücher.example', { hosts: ['bücher.example'] }],
    ['xn--bcher-kva.example', { hosts: ['xn--bcher-kva.example'] }],
    ['_dmarc.example.com', { hosts: ['_dmarc.example.com'] }],
    ['198.54.115.59:443', { ips: ['198.54.115.59'] }],
    ['[2001:db8::1]:443', { ips: ['2001:db8::1'] }],
    ['2001:db8::1', { ips: ['2001:db8::1'] }],
    ['::ffff:198.54.115.59', { ips: ['198.54.115.59'] }],
    ['http://198.54.115.59:8080/x', { ips: ['198.54.115.59'], urls: ['http://198.54.115.59:8080/x'] }],
    ['HTTPS://Host.example/x', { urls: ['HTTPS://Host.example/x'] }],
    ['https://user:a@b@host.example/', { urls: ['https://user:a@b@host.example/'] }],
    ['wss://host.example/socket', { hosts: ['host.example'] }],
    ['ftp://198.54.115.59/', { ips: ['198.54.115.59'] }],
    ['0.0.0.0', {}],
    ['localhost', {}],
    ['300.1.1.1', {}],
    ['1.2.3', {}],
    ['a..b', {}],
    ['.example.com', {}],
    ['host.example/path', {}],
    ['officeaddons[.]com', {}],
    ['officeaddons(.)com', {}],
    ['officeaddons dot com', {}],
    ['hxxp://officeaddons.com/', {}],
    ['https://officeaddons[.]com/', {}],
    ['mailto://officeaddons.com', {}],
    ['see officeaddons.com', {}],
    [`${'a'.repeat(400)}.com`, {}],
    ['', {}],
  ])('%s', (text, expected) => {
    expect(remoteOf([text])).toEqual({ hosts: [], urls: [], ips: [], ...expected })
  })

  test('is told once, and not again beside its URL', () => {
    const url = 'https://pbxsources.com/queue'
    expect(remoteOf(['PbxSources.com', url, url, undefined])).toEqual({ hosts: [], urls: [url], ips: [] })
  })
})

test('internal networks are those that no route leads to', () => {
  const internal = [
    '10.1.2.3',
    '127.0.0.1',
    '172.16.0.1',
    '172.31.9.9',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    '::1',
    'fe80::1',
    'fd00::1',
    'ff02::1',
  ]
  const outside = ['172.32.0.1', '100.128.0.1', '198.54.115.59', '2001:db8::1', '11.0.0.1', '192.169.0.1']
  expect(internal.filter((one) => !isInternal(one))).toEqual([])
  expect(outside.filter(isInternal)).toEqual([])
})
