/** Speeds of digests from memory, out of what `examples/kernels.rs` of the scan crate and `openssl speed -mr` print. */
import type { Facts } from '../results.ts'

const line = /^(sha256|sha1|md5) (\S+) x(\d+) +([\d.]+) GB\/s/gm

/** The fastest of ours by digest. Throws when a digest is missing, so that a changed print is noticed. */
export function bestKernels(output: string): NonNullable<Facts['speeds']> {
  const best: NonNullable<Facts['speeds']> = {}
  for (const [, digest = '', set = '', streams = '', speed = ''] of output.matchAll(line)) {
    const bytesPerSecond = Number(speed) * 1e9
    if (bytesPerSecond > (best[digest]?.bytesPerSecond ?? 0))
      best[digest] = { bytesPerSecond, kernel: `${set}, ${streams} streams` }
  }
  const missing = ['sha256', 'sha1', 'md5'].filter((digest) => !best[digest])
  if (missing.length > 0) throw new Error(`kernels printed no speed of ${missing}: ${output.slice(0, 200)}`)
  return best
}

/** Bytes per CPU second of OpenSSL's SHA-256. Throws when it is not there. */
export function opensslSpeed(output: string): number {
  const speed = /^\+F:\d+:sha256:([\d.]+)$/m.exec(output)?.[1]
  if (speed === undefined) throw new Error(`openssl speed printed no speed of sha256: ${output.slice(0, 200)}`)
  return Number(speed)
}
