/** Arguments as osquery and people write them. */
import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../../extension/sdk/arguments.ts'
import { checkManagerAddress } from '../../../extension/sdk/transport/address.ts'

const quiet = { unknown: [], problems: [] }

describe('arguments', () => {
  it.each([
    [['--socket', '/a', '--timeout', '5', '--interval', '2', '--verbose']],
    [['--socket=/a', '--timeout=5', '--interval=2', '--verbose=true']],
    [['-socket', '/a', '-timeout=5', '-interval', '2', '-verbose']],
    [['--extensions_socket=/a', '--extensions-timeout=5', '--extensions_interval', '2', '--verbose=1']],
  ])('are read in every spelling: %j', (argv) => {
    expect(parseArguments(argv)).toEqual({ socket: '/a', timeout: 5, interval: 2, verbose: true, ...quiet })
  })

  it('have osquery’s defaults', () => {
    expect(parseArguments([])).toEqual({ socket: undefined, timeout: 3, interval: 3, verbose: false, ...quiet })
    expect(parseArguments(['--verbose', '--noverbose']).verbose).toBe(false)
    expect(parseArguments(['--verbose=false']).verbose).toBe(false)
  })

  it('leave alone what they do not know, and go on', () => {
    const argv = ['--allow_unsafe', '--logger_plugin=tls', 'word', '--socket', '/a', '---', '']
    const found = parseArguments(argv)
    expect(found.socket).toBe('/a')
    expect(found.unknown).toEqual(['--allow_unsafe', '--logger_plugin=tls', 'word', '---', ''])
  })

  it.each(['0', '-1', 'soon', '', 'NaN', '1e9'])('say what is wrong with %j seconds, and use the default', (said) => {
    const { interval, problems } = parseArguments([`--interval=${said}`])
    expect(interval).toBe(3)
    expect(problems).toEqual([`--interval is ${JSON.stringify(said)}; expected seconds, more than 0. 3 is used`])
  })

  it('do not fail where a value is missing', () => {
    expect(parseArguments(['--socket'])).toMatchObject({ socket: undefined })
  })
})

describe('the address of a manager', () => {
  it.each([
    ['linux', 101],
    ['darwin', 97],
  ] as const)('on %s has at most %d bytes, because five digits follow', (platform, most) => {
    expect(() => checkManagerAddress('/'.padEnd(most, 'x'), platform)).not.toThrow()
    expect(() => checkManagerAddress('/'.padEnd(most + 1, 'x'), platform)).toThrow(`${most} are the most`)
    expect(() => checkManagerAddress(`/${'ü'.repeat(most / 2)}xx`, platform)).toThrow('bytes')
  })

  it('is a pipe on Windows, however long', () => {
    expect(() => checkManagerAddress(`\\\\.\\pipe\\${'x'.repeat(150)}`, 'win32')).not.toThrow()
    expect(() => checkManagerAddress('C:\\osquery.em', 'win32')).toThrow('no named pipe')
  })

  it('is not empty, and has no NUL', () => {
    expect(() => checkManagerAddress('', 'linux')).toThrow('is empty')
    expect(() => checkManagerAddress('/a\0b', 'linux')).toThrow('NUL')
  })
})
