/** Contacts of a running system: from osquery's tables, and from a made-up /proc. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ContactFinder } from '../../../extension/contacts/find-contacts.ts'
import { liveContacts } from '../../../extension/contacts/live-contacts.ts'
import { openConnections } from '../../../extension/contacts/proc-connections.ts'
import type { Indicator } from '../../../extension/domain/indicator.ts'
import { matcher } from '../../../extension/domain/match.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'
import { defaultLimits } from '../../../extension/sweep/request.ts'
import { fakeOsquery } from '../../support/osquery-tables.ts'

const never = new AbortController().signal
let proc: string

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'threecx-proc-net-'))
  mkdirSync(join(proc, 'net'))
})
afterEach(() => rmSync(proc, { recursive: true }))

const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
const line = (remote: string, inode: number) =>
  `   0: 0100007F:0035 ${remote} 01 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1\n`

function plantTables(): void {
  // 203.0.113.86:443, a listener, the same by IPv6, and one of IPv6 alone; words are least byte first
  writeFileSync(join(proc, 'net/tcp'), `${heading + line('567100CB:01BB', 100) + line('00000000:0000', 101)}broken\n`)
  writeFileSync(
    join(proc, 'net/tcp6'),
    heading + line('0000000000000000FFFF0000567100CB:01BB', 102) + line('B80D0120000000000000000007000000:0050', 103),
  )
  mkdirSync(join(proc, '77/fd'), { recursive: true })
  symlinkSync('socket:[100]', join(proc, '77/fd/3'))
  symlinkSync('/dev/null', join(proc, '77/fd/4'))
  symlinkSync('/opt/app', join(proc, '77/exe'))
}

describe('connections of Linux', () => {
  it('have an address, a port, and the process that has them', async () => {
    plantTables()
    expect(await openConnections(proc, never)).toEqual([
      { address: '203.0.113.86', port: 443, pid: 77, program: '/opt/app' },
      { address: '203.0.113.86', port: 443 },
      { address: '2001:db8:0:0:0:0:0:7', port: 80 },
    ])
  })

  it.runIf(process.platform === 'linux')('are those that are really open', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const client = connect(port, '127.0.0.1')
    await new Promise((resolve) => client.once('connect', resolve))
    try {
      const found = await openConnections('/proc', never)
      const own = found.filter((one) => one.port === port && one.pid === process.pid)
      expect(own).toMatchObject([{ address: '127.0.0.1', program: process.execPath }])
    } finally {
      client.destroy()
      server.close()
    }
  })
})

describe('a look', () => {
  it('asks the tables that a system has, and goes on without one that it has not', async () => {
    const osquery = fakeOsquery({
      dns_cache: [
        { name: 'PbxSources.com', type: 'A' },
        { name: '', type: '' },
      ],
      process_open_sockets: [
        { pid: '7', remote_address: '::ffff:203.0.113.86', remote_port: '443', path: 'C:\\a.exe' },
      ],
    })
    const { evidence, errors } = await liveContacts({ platform: 'windows', osquery }, never)
    expect(evidence).toMatchObject([
      { source: 'dns_cache', observables: [{ type: 'domain', value: 'pbxsources.com' }] },
      { source: 'open_sockets', pid: 7, process: 'C:\\a.exe', observables: [{ type: 'ip', value: '203.0.113.86' }] },
    ])
    expect(errors).toMatchObject([{ path: 'dns_lookup_events', code: 'unsupported' }])
    await liveContacts({ platform: 'darwin', osquery }, never)
    expect(osquery.asked.at(-1)).toMatch(/process_open_sockets/)
  })

  it('says when /proc cannot be read', async () => {
    const { errors } = await liveContacts(
      { platform: 'linux', proc: join(proc, 'missing'), resolved: join(proc, 'none') },
      never,
    )
    expect(errors).toMatchObject([{ path: 'open_sockets', code: 'io' }])
  })

  it('is part of a search on this machine, and of none in an image', async () => {
    plantTables()
    const base = { set: 's', number: 1, component: 'C2', stage: 'c2', level: 'critical', status: 'malicious' }
    const indicators = [{ ...base, id: 's/1', type: 'ip', value: '203.0.113.86' }] as unknown as Indicator[]
    const volume = { display: proc, canonical: proc, imageRoot: proc, isCopy: false, platform: 'linux' } as const
    const search = (isImage: boolean) =>
      new ContactFinder({
        engine: portableEngine(),
        limits: defaultLimits,
        mounts: 'same',
        volumes: [{ ...volume, isImage }],
        sourcePlaces: [],
        sources: [],
        indicators,
        matcher: matcher(indicators),
        indicatorsVersion: 'v',
        clock: { nowMs: () => 1_680_000_000_000 },
        proc,
        resolved: join(proc, 'none'),
      }).find(never)
    const { contacts, scans } = await search(false)
    expect(
      contacts.map(({ source, indicator, pid, process: program, count }) => ({
        source,
        indicator,
        pid,
        program,
        count,
      })),
    ).toEqual([
      { source: 'open_sockets', indicator: '203.0.113.86', pid: 77, program: '/opt/app', count: 1 },
      { source: 'open_sockets', indicator: '203.0.113.86', pid: undefined, program: '', count: 1 },
    ])
    expect(scans.map(({ source }) => source)).toContain('connections')
    expect((await search(true)).contacts).toEqual([])
  })
})
