/** The traps of the campaign's indicators, held against the one function that compares. */
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../extension/domain/evidence.ts'
import type { Indicator } from '../../../extension/domain/indicator.ts'
import { matcher } from '../../../extension/domain/match.ts'
import type { ObservableType } from '../../../extension/domain/observable.ts'
import type { Platform } from '../../../extension/domain/platform.ts'

let number = 0

function indicator(type: ObservableType, value: string, rest: Partial<Indicator> = {}): Indicator {
  number += 1
  const id = `test/${number}`
  return {
    id,
    set: 'test',
    number,
    type,
    value,
    component: 'c',
    stage: 'c2',
    level: 'critical',
    status: 'malicious',
    ...rest,
  }
}

function seen(type: ObservableType, value: string, platform?: Platform): Evidence {
  return { source: 'test', observables: [{ type, value }], ...(platform ? { platform } : {}) }
}

function matches(indicators: readonly Indicator[], evidence: Evidence): string[] {
  return matcher(indicators)
    .match(evidence)
    .map((finding) => finding.indicator.value)
}

describe('domains', () => {
  const c2 = [indicator('domain', 'officeaddons.com'), indicator('domain', 'sbmsa.wiki')]

  it('match themselves and their sub-domains', () => {
    expect(matches(c2, seen('domain', 'officeaddons.com'))).toEqual(['officeaddons.com'])
    expect(matches(c2, seen('domain', 'a.b.officeaddons.com'))).toEqual(['officeaddons.com'])
  })

  it('do not match names that merely contain them', () => {
    for (const name of ['notofficeaddons.com', 'officeaddons.com.example.org', 'officeaddons.co', 'com']) {
      expect(matches(c2, seen('domain', name)), name).toEqual([])
    }
  })

  it('are found inside URLs', () => {
    expect(matches(c2, seen('url', 'https://x.sbmsa.wiki:8443/blog'))).toEqual(['sbmsa.wiki'])
    expect(matches(c2, seen('url', 'https://example.org/?u=sbmsa.wiki'))).toEqual([])
  })
})

describe('URLs', () => {
  const repository = 'https://raw.githubusercontent.com/IconStorages/images/main/'
  const urls = [indicator('url', repository), indicator('url', 'https://msstorageazure.com/window')]

  it('cover what lies below them, whatever the case and the scheme', () => {
    expect(matches(urls, seen('url', 'http://raw.githubusercontent.com/iconstorages/images/main/icon3.ico'))).toEqual([
      repository,
    ])
    expect(matches(urls, seen('url', 'https://msstorageazure.com/window?id=1'))).toHaveLength(1)
    expect(matches(urls, seen('url', 'https://msstorageazure.com/window/x'))).toHaveLength(1)
  })

  it('do not cover their neighbours or the bare shared host', () => {
    expect(matches(urls, seen('url', 'https://raw.githubusercontent.com/'))).toEqual([])
    expect(matches(urls, seen('url', 'https://raw.githubusercontent.com/other/images/main/icon3.ico'))).toEqual([])
    expect(matches(urls, seen('url', 'https://msstorageazure.com/windows'))).toEqual([])
    expect(matches(urls, seen('domain', 'raw.githubusercontent.com'))).toEqual([])
  })
})

describe('versions', () => {
  const versions = [
    indicator('version', '18.11.1213', { platform: 'darwin', status: 'affected' }),
    indicator('version', '18.11.1213', { platform: 'windows', status: 'benign' }),
    indicator('version', '18.12.416', { platform: 'windows', status: 'affected' }),
  ]
  const statuses = (value: string, platform?: Platform) =>
    matcher(versions)
      .match(seen('version', value, platform))
      .map((finding) => finding.indicator.status)

  it('mean what they mean on one platform only', () => {
    expect(statuses('18.11.1213', 'darwin')).toEqual(['affected'])
    expect(statuses('18.11.1213', 'windows')).toEqual(['benign'])
    expect(statuses('18.11.1213', 'linux')).toEqual([])
    expect(statuses('18.11.1213')).toEqual([])
  })

  it('are compared as wholes', () => {
    expect(statuses('18.12.416', 'windows')).toEqual(['affected'])
    expect(statuses('18.12.4160', 'windows')).toEqual([])
    expect(statuses('18.12.41', 'windows')).toEqual([])
  })
})

describe('paths', () => {
  const paths = [
    indicator('path', '%LOCALAPPDATA%\\Programs\\3CXDesktopApp\\app\\manifest', { platform: 'windows' }),
    indicator('path', '~/Library/Application Support/3CX Desktop App/UpdateAgent', { platform: 'darwin' }),
    indicator('path', 'C:\\Windows\\System32\\config\\TxR\\<GUID>.TxR.0.regtrans-ms', { platform: 'windows' }),
  ]
  const hits = (path: string, platform?: Platform) => matches(paths, seen('path', path, platform)).length

  it('match for every user, whatever the case', () => {
    expect(hits('Users/alice/AppData/Local/Programs/3CXDesktopApp/app/manifest', 'windows')).toBe(1)
    expect(hits('users/BOB/appdata/local/programs/3cxdesktopapp/APP/MANIFEST', 'windows')).toBe(1)
    expect(hits('Users/carol/Library/Application Support/3CX Desktop App/UpdateAgent', 'darwin')).toBe(1)
  })

  it('match whole components, and placeholders only inside one', () => {
    expect(hits('Users/alice/AppData/Local/Programs/3CXDesktopApp/app/manifest2', 'windows')).toBe(0)
    expect(hits('Users/alice/x/AppData/Local/Programs/3CXDesktopApp/app/manifest', 'windows')).toBe(0)
    expect(hits('Windows/System32/config/TxR/{53b39e87}.TxR.0.regtrans-ms', 'windows')).toBe(1)
    expect(hits('Windows/System32/config/TxR/a/b.TxR.0.regtrans-ms', 'windows')).toBe(0)
  })

  it('match on their platform, and anywhere when the platform is not known', () => {
    expect(hits('Users/carol/Library/Application Support/3CX Desktop App/UpdateAgent', 'windows')).toBe(0)
    expect(hits('Users/carol/Library/Application Support/3CX Desktop App/UpdateAgent')).toBe(1)
  })
})

describe('digests and names', () => {
  it('digests match on every platform', () => {
    const value = 'a'.repeat(64)
    expect(matches([indicator('sha256', value, { platform: 'windows' })], seen('sha256', value, 'linux'))).toEqual([
      value,
    ])
  })

  it('names match whole and without regard to ASCII case', () => {
    const names = [indicator('filename', '3CXDesktopApp-18.11.1213.dmg', { platform: 'darwin', status: 'affected' })]
    expect(matches(names, seen('filename', '3cxdesktopapp-18.11.1213.DMG'))).toHaveLength(1)
    expect(matches(names, seen('filename', '3CXDesktopApp-18.11.1213.msi'))).toEqual([])
  })
})
