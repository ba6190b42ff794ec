/**
 * Published paths as patterns below a root.
 */
import { describe, expect, it } from 'vitest'
import { glob, matchesGlob } from '../../../extension/domain/glob.ts'
import { pathPatterns } from '../../../extension/domain/path-pattern.ts'

const app = 'Programs\\3CXDesktopApp\\app\\ffmpeg.dll'

describe('pathPatterns', () => {
  it.each([
    [`%LOCALAPPDATA%\\${app}`, ['Users/*/AppData/Local/Programs/3CXDesktopApp/app/ffmpeg.dll']],
    [`%LocalAppData%\\${app}`, ['Users/*/AppData/Local/Programs/3CXDesktopApp/app/ffmpeg.dll']],
    ['%APPDATA%\\3CXDesktopApp\\config.json', ['Users/*/AppData/Roaming/3CXDesktopApp/config.json']],
    ['%USERPROFILE%\\x', ['Users/*/x']],
    ['%PROGRAMDATA%\\x', ['ProgramData/x']],
    ['%ProgramFiles%\\x\\y', ['Program Files/x/y', 'Program Files (x86)/x/y']],
    ['%WINDIR%\\System32\\x.dll', ['Windows/System32/x.dll']],
    ['%SystemRoot%\\System32\\x.dll', ['Windows/System32/x.dll']],
    ['C:\\Windows\\System32\\x.dll', ['Windows/System32/x.dll']],
    ['c:/ProgramData/x', ['ProgramData/x']],
    ['C:\\ProgramData\\<GUID>\\x', ['ProgramData/*/x']],
    ['C:\\Windows\\Installer\\{<GUID>}.<ext>', ['Windows/Installer/{*}.*']],
  ])('of the Windows path %j are %j', (value, expected) => {
    expect(pathPatterns(value, 'windows')).toEqual(expected)
    expect(pathPatterns(value, undefined)).toEqual(expected)
  })

  it.each(['%UNKNOWN%\\x', '%LOCALAPPDATA%', '\\\\server\\share\\x', 'C:', 'x.dll', '', 'relative\\x.dll'])(
    'of %j on Windows there are none',
    (value) => {
      expect(pathPatterns(value, 'windows')).toEqual([])
    },
  )

  it.each([
    [
      '~/Library/Application Support/3CX Desktop App/.main_storage',
      'darwin',
      [
        'Users/*/Library/Application Support/3CX Desktop App/.main_storage',
        'private/var/root/Library/Application Support/3CX Desktop App/.main_storage',
      ],
    ],
    ['~/x', 'linux', ['home/*/x', 'root/x']],
    ['/Applications/3CX Desktop App.app', 'darwin', ['Applications/3CX Desktop App.app']],
    ['/tmp/<random>/x', 'linux', ['tmp/*/x']],
    ['~', 'darwin', []],
    ['/', 'linux', []],
    ['x', 'linux', []],
    ['<path>', 'darwin', []],
  ] as const)('of %j on %s are %j', (value, platform, expected) => {
    expect(pathPatterns(value, platform)).toEqual(expected)
  })

  it('without a platform take every POSIX home once, and name a plain path once', () => {
    expect(pathPatterns('~/x', undefined)).toEqual(['Users/*/x', 'private/var/root/x', 'home/*/x', 'root/x'])
    expect(pathPatterns('/etc/x', undefined)).toEqual(['etc/x'])
  })

  it('match the files they were written for, of every user', () => {
    const [pattern = ''] = pathPatterns('%LOCALAPPDATA%\\Programs\\<GUID>\\*.dll', 'windows')
    const path = 'users/Eve/appdata/LOCAL/programs/{0F1E}/x.DLL'
    expect(matchesGlob(glob(pattern, true), path)).toBe(true)
  })
})
