/** What a process is by its names, what weighs more, and command lines as indicators publish them. */
import { describe, expect, it } from 'vitest'
import { commandLineParts, hasParts } from '../../../extension/domain/command-line.ts'
import { type ProcessEvidence, roleOf, weigh } from '../../../extension/domain/process.ts'

const agent = '/Users/alice/Library/Application Support/3CX Desktop App/UpdateAgent'

describe('the role of a process', () => {
  it.each([
    ['agent', agent, agent, undefined],
    ['agent', '/private/tmp/x', `${agent} x`, agent],
    ['agent', agent.toUpperCase(), '', undefined],
    ['agent_named', '/bin/sh', `sh -c "${agent}" >/dev/null 2>&1`, 'sh'],
    ['app', '/Applications/3CX Desktop App.app/Contents/MacOS/3CX Desktop App', '', undefined],
    ['app', '/Applications/3cx desktop app.app/Contents/Frameworks/x', '', undefined],
    ['app', 'C:\\Users\\a\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\3CXDESKTOPAPP.EXE', '', undefined],
    ['app', '/usr/lib/wine/wine64-preloader', 'Z:\\x\\3CXDesktopApp.exe --y', 'Z:\\x\\3CXDesktopApp.exe'],
    ['app', '/usr/bin/wine', 'wine 3CXDesktopApp.exe', 'wine'],
    ['app', '/usr/bin/wine', 'wine "C:\\a b\\3CXDesktopApp.exe" --y', 'wine'],
    [undefined, '/usr/bin/wine', 'wine not3CXDesktopApp.exe', 'wine'],
    [undefined, '/usr/bin/vi', 'vi 3CXDesktopApp.exe', 'vi'],
    [undefined, '/opt/UpdateAgent', '/opt/UpdateAgent', '/opt/UpdateAgent'],
    [undefined, '/x/not 3CX Desktop App/UpdateAgent', '', undefined],
    [undefined, '', '', undefined],
  ])('is %s for %s, run as %s', (role, path, cmdline, argument0) => {
    expect(roleOf({ path, cmdline, ...(argument0 === undefined ? {} : { argument0 }) })).toBe(role)
  })
})

describe('evidence about a process', () => {
  const said = { type: 'path', value: 'x', component: 'x', stage: 'unknown' } as const
  const malicious = { ...said, verdict: 'malicious', level: 'critical' } as const
  const suspicious = { ...said, verdict: 'suspicious', level: 'high' } as const
  const context: ProcessEvidence = { ...said, verdict: undefined, level: 'critical' }

  it('is ordered gravest first, and gives the gravest verdict with the level that goes with it', () => {
    const milder = { ...malicious, level: 'medium' } as const
    expect(weigh([context, suspicious, milder])).toEqual({
      verdict: 'malicious',
      level: 'medium',
      evidence: [milder, suspicious, context],
    })
    expect(weigh([suspicious, milder, malicious])?.evidence).toEqual([malicious, milder, suspicious])
  })

  it('of context alone gives no verdict', () => {
    expect(weigh([context])).toBeUndefined()
    expect(weigh([])).toBeUndefined()
  })
})

describe('a command line', () => {
  const parts = commandLineParts('sh -c "/3CX Desktop App/UpdateAgent"')

  it('of an indicator has parts at spaces, with quoted ones whole', () => {
    expect(parts).toEqual(['sh', '-c', '/3cx desktop app/updateagent'])
    expect(commandLineParts('')).toEqual([])
    expect(commandLineParts('a "" b')).toEqual(['a', '', 'b'])
  })

  it.each([
    [true, `/bin/sh -c "${agent}" >/dev/null 2>&1`],
    [true, `SH -C ${agent.toUpperCase()}`],
    [false, `${agent} -c sh`],
    [false, `sh ${agent}`],
    [false, 'sh -c /3CX Desktop App/Update'],
    [false, ''],
  ])('has them in order and in any case: %s for %s', (expected, line) => {
    expect(hasParts(line, parts)).toBe(expected)
  })

  it('has no parts when the indicator has none', () => {
    expect(hasParts('anything', [])).toBe(false)
  })
})
