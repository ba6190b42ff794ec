/** How records of executions are judged: by names, digests and versions, and by the installs they belong to. */
import { describe, expect, it } from 'vitest'
import { type ExecutionRecord, Executions, judgeExecution } from '../../../extension/domain/execution.ts'
import type { Install } from '../../../extension/domain/install.ts'
import { matcher } from '../../../extension/domain/match.ts'
import { loadBundledSets } from '../../../extension/indicators/index.ts'

const knowledge = { matcher: matcher(loadBundledSets().flatMap((set) => set.indicators)), installs: [] }
const app = 'C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\3CXDesktopApp.exe'
const install = (more: Partial<Install>) =>
  ({ platform: 'windows', state: 'present', version: '18.12.416', home: '', ...more }) as Install

function record(more: Partial<ExecutionRecord> = {}): ExecutionRecord {
  const base = { source: 'prefetch', sourcePath: '/x', record: '', platform: 'windows', proof: 'ran' } as const
  return { ...base, path: app, cmdline: '', user: '', ...more }
}

const judged = (more: Partial<ExecutionRecord>, installs: readonly Install[] = []) => {
  const found = judgeExecution(record(more), { ...knowledge, installs })
  return found && { verdict: found.verdict, version: found.version, affected: found.affected }
}

describe('a record of an execution', () => {
  it.each<[string, Partial<ExecutionRecord>, object | undefined]>([
    ['of another program says nothing', { path: 'C:\\Windows\\notepad.exe' }, undefined],
    [
      'of the app without a version is suspicious',
      {},
      { verdict: 'suspicious', version: undefined, affected: undefined },
    ],
    [
      'with a compromised version is affected',
      { version: '18.12.416' },
      { verdict: 'affected', version: '18.12.416', affected: true },
    ],
    [
      'with another version is benign',
      { version: '18.12.425' },
      { verdict: 'benign', version: '18.12.425', affected: false },
    ],
    [
      'in a folder with its release has that version',
      { path: app.replace('\\app\\', '\\app-18.12.407\\') },
      { verdict: 'affected', version: '18.12.407', affected: true },
    ],
    [
      'of an installer has the release in its name',
      { path: '3CXDesktopApp-18.12.416.msi', proof: 'seen' },
      { verdict: 'affected', version: '18.12.416', affected: true },
    ],
    [
      'of a disk image is judged for macOS',
      { path: '3CXDesktopApp-18.11.1213.dmg', platform: 'darwin', proof: 'seen' },
      { verdict: 'affected', version: '18.11.1213', affected: true },
    ],
    [
      'under Wine is judged for Windows',
      { path: '/home/a/.wine/drive_c/app-18.12.416/3CXDesktopApp.exe', platform: 'linux' },
      { verdict: 'affected', version: '18.12.416', affected: true },
    ],
    [
      'of a trojanised library by its digest is malicious',
      { path: 'C:\\x.dll', sha256: '7986bbaee8940da11ce089383521ab420c443ab7b15ed42aed91fd31ce833896' },
      { verdict: 'malicious', version: undefined, affected: undefined },
    ],
    [
      'of the second stage is malicious',
      { path: '/Users/a/Library/Application Support/3CX Desktop App/UpdateAgent', platform: 'darwin' },
      { verdict: 'malicious', version: undefined, affected: undefined },
    ],
  ])('%s', (_, more, expected) => {
    expect(judged(more)).toEqual(expected)
  })

  it('takes the version of the install it lies in, and of any for an identifier', () => {
    const home = app.slice(0, app.indexOf('\\app\\'))
    expect(judged({}, [install({ home })])).toMatchObject({ verdict: 'affected', version: '18.12.416' })
    expect(judged({}, [install({ home: 'C:\\elsewhere' })])).toMatchObject({ verdict: 'suspicious' })
    expect(judged({}, [install({ home, firstSeen: 2000 })])).toMatchObject({ verdict: 'affected' })
    expect(judged({ lastTime: 1000 }, [install({ home, firstSeen: 2000 })]), 'it came later').toMatchObject({
      verdict: 'suspicious',
    })
    const bundle = { path: 'com.electron.3cx-desktop-app', platform: 'darwin' } as const
    const apps = [install({ platform: 'darwin', home: '/Applications/3CX Desktop App.app' })]
    expect(judged(bundle, apps)).toMatchObject({ verdict: 'affected', version: '18.12.416' })
    expect(judged(bundle)).toMatchObject({ verdict: 'suspicious' })
  })
})

describe('executions', () => {
  it('of one program in one file for one user are one, with first and last time and a count', () => {
    const all = new Executions()
    for (const time of [300, 100, 200]) {
      const found = judgeExecution(record({ time, lastTime: time + 10, count: 2 }), knowledge)
      if (found) all.add(found)
    }
    expect(all.all().map(({ time, lastTime, count }) => ({ time, lastTime, count }))).toEqual([
      { time: 100, lastTime: 310, count: 6 },
    ])
  })

  it('are bounded, the gravest first', () => {
    const all = new Executions(2)
    for (const version of ['18.12.425', '18.12.416', '18.12.407']) {
      const found = judgeExecution(record({ version }), knowledge)
      if (found) all.add(found)
    }
    expect(all.all().map(({ verdict }) => verdict)).toEqual(['affected', 'benign'])
    expect(all.dropped).toBe(1)
  })
})
