/**
 * The indicator set of a synthetic image: digests of what was planted, in the project's own format.
 *
 * Files with the real digests cannot be made, so the synthetic ones have sets of their own in iocs/sample-image; paths,
 * names and versions are matched by the published sets. Each planted file is listed under the one kind of digest its plan names, which is how the rarer
 * kinds get tested.
 */
import { createHash } from 'node:crypto'
import { basename, extname } from 'node:path'
import { fileKind } from '../../../extension/domain/file-kind.ts'
import type { Indicator, Provenance } from '../../../extension/domain/indicator.ts'
import { type DigestAlgorithm, digestAlgorithms } from '../../../extension/domain/observable.ts'
import type { Platform } from '../../../extension/domain/platform.ts'
import type { PlannedFile } from './planned-file.ts'

/** A set as it is written. */
export interface IndicatorFile {
  readonly id: string
  readonly title: string
  readonly source: Provenance
  readonly indicators: readonly Omit<Indicator, 'id' | 'set'>[]
}

/** The set for some planned files; `id` must be the end of the path it will have, without `.json`. */
export function indicatorFile(id: string, platform: Platform, files: readonly PlannedFile[]): IndicatorFile {
  const found = new Map<string, Omit<Indicator, 'id' | 'set' | 'number'>>()
  for (const file of files) {
    for (const type of digestAlgorithms.filter((one) => file.reasons.some((reason) => reason.matchedBy === one))) {
      const value = digest(type, file.bytes)
      const names = new Set([...(found.get(value)?.names ?? []), ...nameHints(file.path)])
      const kind = fileKind(file.bytes)
      found.set(value, {
        type,
        value,
        ...(platform !== 'linux' && { platform }),
        component: file.component,
        stage: file.stage,
        level: 'critical',
        status: 'malicious',
        names: [...names].sort(),
        ...(kind !== 'unknown' && { kinds: [kind] }),
        size: { min: file.bytes.length, max: file.bytes.length },
        note: 'Harmless synthetic file of npm run sample-image, not malware.',
      })
    }
  }
  if (platform === 'linux') found.set(dedicated.value, dedicated)
  const sorted = [...found.values()].sort((a, b) => order(a.type, b.type) || order(a.value, b.value))
  return {
    id,
    title: `Harmless synthetic files of npm run sample-image -- ${platform}`,
    source: {
      publisher: 'threecx-hunter',
      url: 'https://example.invalid/sample-image',
      retrieved: '2026-11-23',
      licence: 'Apache-2.0',
    },
    indicators: sorted.map((one, index) => ({ number: index + 1, ...one })),
  }
}

/** Stands for an address that only the attack used: the published ones are shared by others. RFC 5737. */
const dedicated = {
  type: 'ip',
  value: '203.0.113.86',
  component: 'C2 server of the sample',
  stage: 'c2',
  level: 'critical',
  status: 'malicious',
  note: 'An address for documentation, in the firewall log of npm run sample-image.',
} as const

/** Names a copy can have: the same stem, or the same ending, perhaps with another behind it. */
function nameHints(path: string): string[] {
  const ending = extname(path)
  const stem = basename(path, ending)
  return ending === '' ? [`*${stem}*`] : [`*${stem}*`, `*${ending}`, `*${ending}.*`]
}

/** Hex digest of some bytes. */
export function digest(algorithm: DigestAlgorithm, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

/** Plain string order, the one of the format. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
