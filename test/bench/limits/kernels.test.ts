/** What is read out of the programs that time digests in memory. */
import { describe, expect, it } from 'vitest'
import { bestKernels, opensslSpeed } from './kernels.ts'

const printed = `sha256 portable x1         1.59 GB/s of CPU time (width 1)
sha256 sha-ni x2           2.50 GB/s of CPU time (width 2)
sha256 sha-ni x4           2.23 GB/s of CPU time (width 2)
sha1 avx2 x8               4.12 GB/s of CPU time (width 8)
md5 avx2 x16               7.01 GB/s of CPU time (width 8)
`

describe('speeds in memory', () => {
  it('are the best of each digest', () => {
    expect(bestKernels(printed)).toEqual({
      sha256: { bytesPerSecond: 2.5e9, kernel: 'sha-ni, 2 streams' },
      sha1: { bytesPerSecond: 4.12e9, kernel: 'avx2, 8 streams' },
      md5: { bytesPerSecond: 7.01e9, kernel: 'avx2, 16 streams' },
    })
  })

  it('are refused when a digest is missing, so that a changed print is noticed', () => {
    expect(() => bestKernels(printed.replace('md5', 'md-5'))).toThrow('no speed of md5')
  })

  it('of OpenSSL are what it prints for machines', () => {
    expect(opensslSpeed('+H:65536\n+F:25:sha256:1498112000.00\n')).toBe(1_498_112_000)
    expect(() => opensslSpeed('')).toThrow('no speed of sha256')
  })
})
