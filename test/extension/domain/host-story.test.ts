/** What happened on a host, in sentences: installs, processes, the stage, addresses, the next run, the padding check. */
import { describe, expect, it } from 'vitest'
import type { HostState } from '../../../extension/domain/host-state.ts'
import { storyOf } from '../../../extension/domain/host-story.ts'
import type { Install } from '../../../extension/domain/install.ts'
import type { Payload } from '../../../extension/domain/payload.ts'
import {
  artifactOf,
  cleanAppRunning,
  executionOf,
  installOf,
  installOfUnknownVersion,
  nothingFound,
  processOf,
} from '../../support/host-state.ts'

const story = (state: Partial<HostState>) => storyOf({ ...nothingFound, ...state })
const noticed = 1_679_493_600
const payload: Payload = { kind: 'icon_trailer', offset: 0, length: 1, sha256: '', urls: [], fields: {}, parts: [] }

describe('the story of an install', () => {
  const cases: [string, Partial<Install>, string[]][] = [
    [
      'that is there tells whose it is, where, since when and what the release is',
      { user: 'alice', scope: 'user', firstSeen: noticed },
      [
        'installed: 3CX Desktop App 18.12.416 for Windows for alice in C:\\3CX, since 2023-03-22T14:00:00Z; that release is compromised',
        'reached stage loader_host: an affected release is or was installed',
      ],
    ],
    [
      'of a clean release is one sentence and no stage',
      { version: '18.12.425', affected: false },
      ['installed: 3CX Desktop App 18.12.425 for Windows in C:\\3CX; not one of the compromised releases'],
    ],
    [
      'that was removed is in the past',
      { state: 'removed', firstSeen: noticed, user: 'alice', scope: 'machine' },
      [
        'was installed: 3CX Desktop App 18.12.416 for Windows (C:\\3CX), seen 2023-03-22T14:00:00Z; that release is compromised',
        'reached stage loader_host: an affected release is or was installed',
      ],
    ],
    [
      'that a server hands out tells what to replace it by, and is a delivery',
      { state: 'served', scope: 'server', home: '', imagePath: '/var/lib/3cxpbx/app.msi' },
      [
        'handed out to others: 3CX Desktop App 18.12.416 for Windows (/var/lib/3cxpbx/app.msi); that release is compromised, replace it by 18.12.425 or later',
        'reached stage delivery: an installer of an affected release, or one with parts of the attack, lies on the disk',
      ],
    ],
    [
      'that a server hands out in a clean release asks for no replacement',
      { state: 'served', home: '', affected: false, version: '18.12.425' },
      [
        'handed out to others: 3CX Desktop App 18.12.425 for Windows (C:\\3CX\\3CXDesktopApp.exe); not one of the compromised releases',
      ],
    ],
    [
      'with a time that is none shows the number',
      { affected: false, firstSeen: 1e15 },
      [
        'installed: 3CX Desktop App 18.12.416 for Windows in C:\\3CX, since 1000000000000000 (unix seconds); not one of the compromised releases',
      ],
    ],
  ]

  it.each(cases)('%s', (_, install, expected) => {
    expect(story({ installs: [installOf(install)] })).toEqual(expected)
  })

  it('of an unknown release says so and claims nothing', () => {
    const install = installOfUnknownVersion({ platform: 'darwin', home: '', imagePath: '/Applications/x.app' })
    expect(story({ installs: [install] })).toEqual([
      'installed: 3CX Desktop App of unknown version for macOS in /Applications/x.app',
    ])
  })

  it('of a host with many is cut, and says where the rest is', () => {
    const installs = Array.from({ length: 25 }, () => installOf({ affected: false }))
    const told = story({ installs })
    expect(told).toHaveLength(21)
    expect(told.at(-1)).toBe('and 5 more installs, see threecx_installs')
  })
})

describe('the story of an execution', () => {
  it('tells what ran, whose it was, how often, when, and which record says so', () => {
    expect(story({ executions: [executionOf({ version: '18.12.416' })] })[0]).toBe(
      'ran: /x/UpdateAgent as alice, 3 times, 1970-01-01T00:20:50Z to 1970-01-01T00:21:10Z: UpdateAgent 18.12.416 (auditd)',
    )
    expect(story({ executions: [executionOf({ proof: 'seen', count: 1, user: '' })] })[0]).toMatch(
      /^was seen: \/x\/UpdateAgent, once, /,
    )
    expect(story({ executions: [executionOf({ verdict: 'benign', evidence: [] })] })).toEqual([])
  })
})

describe('the story of a process', () => {
  it('tells the path, the number, whose it is, and what it is', () => {
    expect(story({ processes: [processOf()] })).toEqual([
      'running: /x/UpdateAgent (process 31 as alice): UpdateAgent',
      expect.stringMatching(/^reached stage macos_second_stage: /),
    ])
  })

  it('without path or user gives its name', () => {
    expect(story({ processes: [processOf({ path: '', user: '' })] })[0]).toBe(
      'running: UpdateAgent (process 31): UpdateAgent',
    )
  })

  it('that is benign is not told', () => {
    expect(story({ processes: [cleanAppRunning()] })).toEqual([])
  })

  it('of a host with many is cut, and benign ones take no room', () => {
    const many = [...Array.from({ length: 30 }, cleanAppRunning), ...Array.from({ length: 22 }, () => processOf())]
    const told = story({ processes: many })
    expect(told).toHaveLength(22)
    expect(told[20]).toBe('and 2 more processes, see threecx_processes')
  })
})

describe('the story of what was hidden', () => {
  it('gives each address once and the latest run', () => {
    const artifacts = [
      artifactOf('dead_drop', { payloads: [{ ...payload, urls: ['https://a.example/', 'https://b.example/'] }] }),
      artifactOf('memory_payload', { payloads: [{ ...payload, urls: ['https://a.example/'], nextRun: noticed }] }),
      artifactOf('memory_payload', { payloads: [{ ...payload, nextRun: noticed - 1 }] }),
    ]
    expect(story({ artifacts }).slice(1)).toEqual([
      'hidden addresses: https://a.example/, https://b.example/',
      'the malware meant to run next at 2023-03-22T14:00:00Z',
    ])
  })

  it('gives no more addresses than a person reads', () => {
    const urls = Array.from({ length: 50 }, (_, index) => `https://h${index}.example/`)
    const [, told = ''] = story({ artifacts: [artifactOf('dead_drop', { payloads: [{ ...payload, urls }] })] })
    expect(told.match(/https:/g)).toHaveLength(20)
  })
})

describe('the padding check', () => {
  const padded = artifactOf('payload_carrier', {}, 'cert_padding')

  it.each([
    ['on', 'Windows refuses signatures with bytes behind them here (EnableCertPaddingCheck is on)'],
    ['off', 'Windows accepts signatures with bytes behind them here (EnableCertPaddingCheck is off)'],
  ] as const)('that is %s is told where bytes hide behind a signature', (paddingCheck, sentence) => {
    expect(story({ artifacts: [padded], paddingCheck }).at(-1)).toBe(sentence)
  })

  it('is not told where nothing depends on it, or nothing is known of it', () => {
    const told = (state: Partial<HostState>) => story(state).filter((one) => one.includes('EnableCertPaddingCheck'))
    expect(told({ artifacts: [padded] })).toEqual([])
    expect(told({ paddingCheck: 'off' })).toEqual([])
    expect(told({ artifacts: [artifactOf('loader', {}, 'loader_key')], paddingCheck: 'off' })).toEqual([])
    expect(told({ artifacts: [{ ...padded, verdict: 'benign' }], paddingCheck: 'off' })).toEqual([])
  })
})

it('a host without traces has no story, and one with everything is told in the order in which it happened', () => {
  expect(story({ paddingCheck: 'on' })).toEqual([])
  const told = story({
    artifacts: [
      artifactOf('payload_carrier', { payloads: [{ ...payload, urls: ['https://a/'], nextRun: 1 }] }, 'cert_padding'),
    ],
    installs: [installOf()],
    processes: [processOf()],
    paddingCheck: 'off',
  })
  expect(told.map((sentence) => sentence.replace(/^(the malware|\w+).*/, '$1'))).toEqual([
    'installed',
    'running',
    'reached',
    'hidden',
    'the malware',
    'Windows',
  ])
})
