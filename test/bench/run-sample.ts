/** A made-up run of the benchmark for the tests of what is computed from one: round numbers, two rounds. */
import { crateName } from './programs.ts'
import type { Contested, Results } from './results.ts'

/** A contender whose rounds took so many seconds, wall and CPU alike. */
export function ran(name: string, seconds: number[], pings?: number[]): Contested['contenders'][number] {
  return { name, wall: seconds, cpu: seconds, ...(pings && { pings }) }
}

/** The run, with some of it replaced. */
export function sampleRun(change: Partial<Results> = {}): Results {
  return {
    machine: 'a <made-up> machine & "more"',
    shrink: 1,
    rounds: 2,
    load: 0,
    note: '',
    sizes: { largeFiles: 40, smallFiles: 100_000, manyFiles: 1_000_000, logLines: 15_000_000 },
    contests: {
      'read-large': { contenders: [ran('read', [1, 1])] },
      'start-digests': { contenders: [ran('start', [0.5, 0.5])] },
      'sha256-large': {
        contenders: [
          ran(crateName, [4, 5]),
          ran('threecx-hunter, whole process', [5, 6], [1, 2, 3]),
          ran('openssl dgst -sha256', [8, 8]),
          ran('EVP, 16 KiB blocks, three digests', [80, 80]),
        ],
      },
    },
    missing: { Hyperscan: 'hs/hs.h is not there' },
    facts: {
      largeBytes: 2e9,
      smallBytes: 4e8,
      speeds: { sha256: { bytesPerSecond: 1e9, kernel: 'made up, 2 streams' } },
      gentleShare: 0.11,
    },
    ...change,
  }
}
