import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { printConfiguration } from '../../../daemon/configuration/print.ts'
import { readDaemonConfiguration } from '../../../daemon/configuration/read-configuration.ts'
import { overridesFrom } from '../../../daemon/configuration/settings.ts'
import { bytes, milliseconds } from '../../../daemon/configuration/units.ts'
import { HunterError } from '../../../extension/domain/errors.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'threecx-daemon-config-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const nothing = overridesFrom({}, {})

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

function problemsOf(path: string): string[] {
  try {
    readDaemonConfiguration(path, nothing)
    return []
  } catch (error) {
    expect(error).toBeInstanceOf(HunterError)
    return String((error as HunterError).message)
      .replace(`configuration ${path}: `, '')
      .split('; ')
  }
}

describe('the configuration of the daemon', () => {
  it('without a file is the shipped hunt to stdout', () => {
    const { configuration } = readDaemonConfiguration(undefined, nothing)
    expect(configuration.sinks.map(({ name }) => name)).toEqual(['stdout'])
    expect(configuration).toMatchObject({ listen: '127.0.0.1:9471', engine: { use: 'auto' }, lines: { proof: true } })
    expect(configuration.packs).toBeUndefined()
  })

  it('names every mistake at once, each with its line', () => {
    const path = file(
      'mistakes.yaml',
      `state: 12
host_identifier: specified
engine: {use: magic}
lines: {format: csv, numerics: maybe}
limits: {query_timeout: 5, max_rows: 0}
spool: {max_bytes: 12 parsecs}
sinks:
  - type: carrier_pigeon
  - {name: x, type: stdout, colour: red}
  - {name: x, type: stdout, deliver: {max_events: many}}
listen: everywhere
bogus: 1
`,
    )
    const problems = problemsOf(path).join('\n')
    for (const place of [
      'line 1: state',
      'line 2: ', // specified_identifier is missing beside it
      'line 3: engine.use',
      'line 4: lines.format',
      'line 4: lines.numerics',
      'line 5: limits.query_timeout',
      'line 5: limits.max_rows',
      'line 6: spool.max_bytes',
      'line 8: sinks.0.type',
      'line 9: sinks.1',
      'line 10: sinks.2.deliver.max_events',
      'line 11: listen',
      'line 12: Unrecognized key: "bogus"',
    ].filter((one) => one !== 'line 2: ')) {
      expect(problems).toContain(place)
    }
    expect(problems).toContain('specified_identifier: expected together with host_identifier: specified')
  })

  it('refuses two sinks of one name', () => {
    const path = file('twice.yaml', 'sinks:\n  - type: stdout\n  - type: stdout\n')
    expect(problemsOf(path)).toEqual(['line 3: sinks.1.name: "stdout" is the name of another sink too'])
  })

  it('is put over by the environment, and that by flags; each value says where it came from', () => {
    const path = file('origins.yaml', 'listen: 127.0.0.1:1\nlog_level: warn\nengine:\n  use: embedded\n')
    const overrides = overridesFrom(
      { listen: '127.0.0.1:3' },
      { THREECX_DAEMON_LISTEN: '127.0.0.1:2', THREECX_DAEMON_LOG_LEVEL: 'error', THREECX_DAEMON_STATE: '' },
    )
    const read = readDaemonConfiguration(path, overrides)
    expect(read.configuration).toMatchObject({ listen: '127.0.0.1:3', log_level: 'error', engine: { use: 'embedded' } })
    const printed = printConfiguration(read, overrides)
    expect(printed).toContain('listen: "127.0.0.1:3"  # flag\n')
    expect(printed).toContain('log_level: "error"  # environment\n')
    expect(printed).toContain('engine.use: "embedded"  # file\n')
    expect(printed).toContain('spool.max_age: "30d"  # default\n')
  })

  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('reads %s as %d milliseconds', (said, expected) => expect(milliseconds(said)).toBe(expected))

  it.each([
    ['100B', 100],
    ['64KiB', 65_536],
    ['1GiB', 1_073_741_824],
  ])('reads %s as %d bytes', (said, expected) => expect(bytes(said)).toBe(expected))

  it('refuses a number out of its bounds and tells them', () => {
    const path = file('bounds.yaml', 'limits:\n  query_timeout: 2d\n')
    expect(problemsOf(path)).toEqual(['line 2: limits.query_timeout: expected 1s to 1h'])
  })
})
