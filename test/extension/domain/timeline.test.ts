/** The story of a host as dated events. */
import { describe, expect, it } from 'vitest'
import type { Artifact } from '../../../extension/domain/artifact.ts'
import type { Contact } from '../../../extension/domain/contact.ts'
import { findingRecords } from '../../../extension/domain/finding-record.ts'
import type { Indicator } from '../../../extension/domain/indicator.ts'
import type { Install } from '../../../extension/domain/install.ts'
import type { TiedProcess } from '../../../extension/domain/process.ts'
import { shortTimeline, timelineOf } from '../../../extension/domain/timeline.ts'
import { executionOf, nothingFound } from '../../support/host-state.ts'

const indicator = {
  id: 'set/1',
  set: 'set',
  type: 'sha256',
  value: 'aa',
  component: 'ffmpeg.dll',
  stage: 'loader',
  level: 'critical',
  status: 'malicious',
} as Indicator
const artifact = {
  path: '/a/ffmpeg.dll',
  owner: 'alice',
  verdict: 'malicious',
  level: 'critical',
  btime: 1000,
  mtime: 500,
  payloads: [{ nextRun: 9000 }],
  findings: [{ indicator, observable: { type: 'sha256', value: 'aa' }, evidence: { source: 'file', observables: [] } }],
} as unknown as Artifact
const install = {
  path: '/a/3CXDesktopApp.exe',
  user: 'alice',
  state: 'removed',
  version: '18.12.416',
  affected: true,
  source: 'uninstall_entry',
  firstSeen: 700,
  lastSeen: 800,
  indicators: ['set/1', 'set/of-yesterday'],
} as unknown as Install
const running = {
  pid: 7,
  path: '/a/UpdateAgent',
  user: 'root',
  startTime: 1200,
  verdict: 'malicious',
  level: 'critical',
  evidence: [
    { type: 'path', value: '/a/UpdateAgent', component: 'UpdateAgent', stage: 'macos_second_stage', level: 'critical' },
  ],
} as unknown as TiedProcess
const contact = {
  source: 'squid',
  sourcePath: '/var/log/squid/access.log',
  type: 'domain',
  indicator: 'sbmsa.wiki',
  indicators: ['set/1', 'set/2'],
  user: 'alice',
  stage: 'c2',
  level: 'critical',
  firstSeen: 1300,
  lastSeen: 1400,
  count: 5,
} as unknown as Contact
const state = {
  ...nothingFound,
  artifacts: [artifact],
  installs: [install],
  processes: [running],
  executions: [executionOf(), executionOf({ proof: 'seen', time: 1290 })],
  contacts: [contact],
}

describe('a timeline', () => {
  it('tells everything that has a time, in order', () => {
    expect(timelineOf(state).map(({ time, event, stage }) => `${time} ${event} ${stage}`)).toEqual([
      '500 file_modified loader',
      '700 installed loader_host',
      '800 last_trace loader_host',
      '1000 file_created loader',
      '1200 process_started macos_second_stage',
      '1250 executed macos_second_stage',
      '1270 last_executed macos_second_stage',
      '1290 seen macos_second_stage',
      '1300 contacted c2',
      '1400 last_contact c2',
      '9000 planned_run loader',
    ])
  })

  it('leaves out what is benign, not affected, or has no time', () => {
    const { time: _, lastTime: __, ...timeless } = executionOf()
    const harmless = {
      ...nothingFound,
      artifacts: [{ ...artifact, verdict: 'benign' as const }],
      installs: [{ ...install, affected: false }],
      processes: [{ ...running, verdict: 'benign' as const }],
      executions: [executionOf({ verdict: 'benign' }), timeless],
      contacts: [{ ...contact, firstSeen: undefined, lastSeen: undefined }],
    }
    expect(timelineOf(harmless)).toEqual([])
    expect(timelineOf({ ...state, artifacts: [{ ...artifact, btime: 0, mtime: 0, payloads: [] }] })[0]?.time).toBe(700)
  })
})

describe('a short timeline', () => {
  it('has the first event of each stage, and the last that happened', () => {
    const told = shortTimeline(timelineOf(state)).map(({ time, event }) => `${time} ${event}`)
    expect(told).toEqual([
      '700 installed',
      '1000 file_created',
      '1200 process_started',
      '1300 contacted',
      '1400 last_contact',
    ])
  })

  it('takes the date of a file where there is nothing else, and is empty for nothing', () => {
    const only = { ...nothingFound, artifacts: [{ ...artifact, btime: 0 }] }
    expect(shortTimeline(timelineOf(only)).map(({ event }) => event)).toEqual(['file_modified'])
    expect(shortTimeline([])).toEqual([])
  })
})

describe('records of findings', () => {
  it('are one for each evidence and indicator, from every source', () => {
    const records = findingRecords(state, new Map([[indicator.id, indicator]]))
    expect(records.map(({ source, observableType, indicator: id }) => `${source} ${observableType} ${id}`)).toEqual([
      'file sha256 set/1',
      'uninstall_entry version set/1',
      'process path ',
      'auditd path ',
      'auditd path ',
      'squid domain set/1',
      'squid domain set/2',
    ])
    expect(records[0]).toMatchObject({ time: 500, path: '/a/ffmpeg.dll', verdict: 'malicious', user: 'alice' })
  })
})
