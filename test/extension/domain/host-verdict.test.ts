/** One word for a host, from everything on it: what outweighs what, and when nothing found means clean. */
import { describe, expect, it } from 'vitest'
import type { HostState } from '../../../extension/domain/host-state.ts'
import { type HostVerdict, judgeHost, type ScanAge } from '../../../extension/domain/host-verdict.ts'
import type { Scan } from '../../../extension/domain/scan.ts'
import {
  artifactOf,
  cleanAppRunning,
  executionOf,
  installOf,
  installOfUnknownVersion,
  nothingFound,
  processOf,
  scanOf,
} from '../../support/host-state.ts'

const judge = (state: Partial<HostState>, scans: readonly Scan[] = [scanOf()], age?: ScanAge): HostVerdict =>
  judgeHost({ ...nothingFound, ...state }, scans, age)

const suspicious = { verdict: 'suspicious', level: 'medium' } as const

describe('the word for a host', () => {
  const cases: [string, Partial<HostState>, Partial<HostVerdict>][] = [
    ['with nothing on it is clean', {}, { verdict: 'clean', level: 'informational', stage: undefined }],
    [
      'with a compromised release installed is exposed, as grave as the indicators of those releases',
      { installs: [installOf()] },
      { verdict: 'exposed', level: 'high', stage: 'loader_host', installs: 1 },
    ],
    [
      'with a compromised release removed is exposed too',
      { installs: [installOf({ state: 'removed' })] },
      { verdict: 'exposed', level: 'high', stage: 'loader_host', installs: 1 },
    ],
    [
      'that hands a compromised release out is exposed, before any step of a victim',
      { installs: [installOf({ state: 'served', scope: 'server' })] },
      { verdict: 'exposed', level: 'high', stage: 'delivery', installs: 1 },
    ],
    [
      'with a clean release and one of unknown version is clean',
      {
        installs: [installOf({ affected: false }), installOfUnknownVersion()],
      },
      { verdict: 'clean', level: 'informational', stage: undefined, installs: 0 },
    ],
    [
      'where the second stage runs is compromised',
      { processes: [processOf()] },
      { verdict: 'compromised', level: 'critical', stage: 'macos_second_stage', processes: 1 },
    ],
    [
      'where a shell names the second stage is exposed',
      { processes: [processOf(suspicious)] },
      { verdict: 'exposed', level: 'medium', processes: 1 },
    ],
    [
      'where the clean app runs is clean',
      { processes: [cleanAppRunning()], installs: [installOf({ affected: false })] },
      { verdict: 'clean', level: 'informational', stage: undefined, processes: 0 },
    ],
    [
      'where the second stage ran is compromised',
      { executions: [executionOf()] },
      { verdict: 'compromised', level: 'critical', stage: 'macos_second_stage', executions: 1 },
    ],
    [
      'where the second stage was seen, and need not have run, is exposed',
      { executions: [executionOf({ proof: 'seen' })] },
      { verdict: 'exposed', level: 'critical', executions: 1 },
    ],
    [
      'where a compromised release ran is exposed',
      { executions: [executionOf({ verdict: 'affected', level: 'high' })] },
      { verdict: 'exposed', level: 'high', executions: 1 },
    ],
    [
      'where the clean app ran is clean',
      { executions: [executionOf({ verdict: 'benign', level: 'informational', evidence: [] })] },
      { verdict: 'clean', level: 'informational', stage: undefined, executions: 0 },
    ],
    [
      'with a malicious file is compromised, whatever else is milder',
      { artifacts: [artifactOf('loader')], installs: [installOf()], processes: [processOf(suspicious)] },
      { verdict: 'compromised', level: 'critical', artifacts: 1, installs: 1, processes: 1 },
    ],
    [
      'with a benign file is clean',
      { artifacts: [artifactOf('loader', { verdict: 'benign', level: 'informational' })] },
      { verdict: 'clean', level: 'informational', stage: undefined, artifacts: 0 },
    ],
    [
      'takes the level of the gravest, and the install counts for it',
      { artifacts: [artifactOf('delivery', suspicious)], installs: [installOf()] },
      { verdict: 'exposed', level: 'high', stage: 'loader_host' },
    ],
    [
      'takes the last stage that anything tells, be it a process',
      { artifacts: [artifactOf('dead_drop')], processes: [processOf()], installs: [installOf()] },
      { stage: 'dead_drop' },
    ],
  ]

  it.each(cases)('%s', (_, state, expected) => {
    expect(judge(state)).toMatchObject(expected)
  })
})

describe('a host with nothing on it', () => {
  it.each([
    ['was never looked at', []],
    ['has a pass that failed', [scanOf(), scanOf({ state: 'failed' })]],
    ['has a pass that is not at its end', [scanOf({ state: 'running', finished: undefined })]],
    ['has files nobody could read', [scanOf({ unexamined: 1 })]],
    ['has processes nobody could read', [scanOf(), scanOf({ source: 'processes', unexamined: 3 })]],
    ['was looked at in part', [scanOf({ truncated: true })]],
  ])('is unknown when it %s', (_, scans) => {
    const judged = judge({}, scans)
    expect(judged).toMatchObject({ verdict: 'unknown', isScanComplete: false })
    expect(judged.reasons).toContain('not everything could be examined, see threecx_scans')
  })

  it('is unknown when the pass is too old, and says why', () => {
    const judged = judge({}, [scanOf()], { scannedAt: 150, stale: 'the last pass ended long ago' })
    expect(judged).toMatchObject({ verdict: 'unknown', isScanComplete: false, scannedAt: 150 })
    expect(judged.reasons).toEqual(['the last pass ended long ago'])
  })

  it('stays clean when what was left out was never promised', () => {
    expect(judge({}, [scanOf({ skipped: 5 })])).toMatchObject({ verdict: 'clean', isScanComplete: true, reasons: [] })
  })
})

it('what is found is said though not everything could be examined', () => {
  const scans = [scanOf({ unexamined: 1 })]
  expect(judge({ processes: [processOf()] }, scans).verdict).toBe('compromised')
  expect(judge({ installs: [installOf()] }, scans).verdict).toBe('exposed')
})

describe('the reasons', () => {
  it('are the story, then the files, then what was not examined', () => {
    const judged = judge({ artifacts: [artifactOf('loader')], processes: [processOf()] }, [scanOf({ unexamined: 1 })])
    expect(judged.reasons).toEqual([
      ...judged.story,
      'malicious: /x/one.dll: structure of carrier (carrier_payload), by x',
      'not everything could be examined, see threecx_scans',
    ])
    expect(judged.story).toHaveLength(2)
  })

  it('name twenty files and count the rest', () => {
    const artifacts = Array.from({ length: 23 }, () => artifactOf('loader'))
    expect(judge({ artifacts }).reasons.at(-1)).toBe('and 3 more files')
  })
})

describe('the times', () => {
  it('are those of the files that count and have one', () => {
    const artifacts = [
      artifactOf('loader', { mtime: 20 }),
      artifactOf('loader', { mtime: 30 }),
      artifactOf('loader', { mtime: 0 }),
      artifactOf('loader', { mtime: 10, verdict: 'benign' }),
    ]
    expect(judge({ artifacts })).toMatchObject({ firstSeen: 20, lastSeen: 30 })
    expect(judge({})).toMatchObject({ firstSeen: undefined, lastSeen: undefined })
  })

  it('of the look is that of the pass told, or of the newest that ended', () => {
    const scans = [scanOf({ finished: 300 }), scanOf(), scanOf({ state: 'running', finished: undefined })]
    expect(judge({}, scans).scannedAt).toBe(300)
    expect(judge({}, scans, { scannedAt: 42, stale: undefined }).scannedAt).toBe(42)
    expect(judge({}, scans, { scannedAt: undefined, stale: 'never' }).scannedAt).toBeUndefined()
    expect(judge({}, []).scannedAt).toBeUndefined()
  })
})

it('the padding check is passed on as it is', () => {
  expect(judge({ paddingCheck: 'off' })).toMatchObject({ verdict: 'clean', paddingCheck: 'off' })
})
