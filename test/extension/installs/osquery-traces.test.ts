/** Installs that osquery knows of, as rows of its tables. */
import { describe, expect, it } from 'vitest'
import { joinTraces } from '../../../extension/installs/join-traces.ts'
import { osqueryTraces } from '../../../extension/installs/osquery-traces.ts'
import { fakeOsquery } from '../../support/osquery-tables.ts'

const never = new AbortController().signal

const key = 'HKEY_USERS\\S-1-5-21-1\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{3CX}'
const entry = (name: string, data: string, of = key) => ({
  key: of,
  name,
  data,
  mtime: '1679480000',
  username: 'alice',
})

describe('osquery on Windows', () => {
  it('gives one trace for each program and each uninstall entry', async () => {
    const { traces, errors } = await osqueryTraces(
      fakeOsquery({
        programs: [
          {
            name: '3CX Desktop App',
            version: '18.12.416.0',
            install_location: 'C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\',
            install_date: '20230322',
            identifying_number: '{3CX}',
          },
        ],
        registry: [
          entry('DisplayName', '3CX Desktop App'),
          entry('DisplayVersion', '18.12.416'),
          entry('DisplayName', 'Other', 'HKEY_USERS\\S-1\\x'),
        ],
      }),
      'windows',
      never,
    )
    expect(errors).toEqual([])
    expect(traces).toEqual([
      expect.objectContaining({
        source: 'programs',
        user: 'alice',
        scope: 'user',
        home: 'C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp',
        version: '18.12.416.0',
        firstSeen: 1_679_443_200,
      }),
      expect.objectContaining({ source: 'uninstall_entry', user: 'alice', detail: key, firstSeen: 1_679_480_000 }),
    ])
    expect(joinTraces(traces)).toEqual([
      { state: 'removed', version: '18.12.416', traces: expect.arrayContaining([...traces]) },
    ])
  })

  it('that refuses a table is an error beside the other answers', async () => {
    const { traces, errors } = await osqueryTraces(fakeOsquery({ registry: [] }), 'windows', never)
    expect(traces).toEqual([])
    expect(errors).toEqual([{ path: 'programs', code: 'io', message: expect.stringContaining('no such table') }])
  })
})

describe('osquery on macOS', () => {
  it('gives bundles that are there, and those in the trash as removed', async () => {
    const app = {
      name: '3CX Desktop App.app',
      bundle_short_version: '18.12.416',
      bundle_version: '',
      last_opened_time: '-1.0',
    }
    const { traces } = await osqueryTraces(
      fakeOsquery({
        apps: [
          { ...app, path: '/Applications/3CX Desktop App.app' },
          {
            ...app,
            path: '/Users/carol/.Trash/3CX Desktop App.app',
            bundle_short_version: '',
            bundle_version: '18.12.402',
          },
        ],
      }),
      'darwin',
      never,
    )
    const joined = joinTraces(traces).map(({ state, version, traces: [first] }) => [
      state,
      version,
      first?.user,
      first?.scope,
    ])
    expect(joined).toEqual([
      ['present', '18.12.416', '', 'machine'],
      ['removed', '18.12.402', 'carol', 'user'],
    ])
  })

  it('is asked nothing on Linux', async () => {
    expect(await osqueryTraces(fakeOsquery({}), 'linux', never)).toEqual({ traces: [], errors: [] })
  })
})
