/**
 * What a look at processes is made from, for tests: the shipped indicators, and a judgement of files by decoders alone.
 */
import { readFileSync } from 'node:fs'
import { isThreeCxDesktopApp, readProduct } from '../../extension/decoders/product.ts'
import type { Evidence } from '../../extension/domain/evidence.ts'
import { matcher } from '../../extension/domain/match.ts'
import type { Observable } from '../../extension/domain/observable.ts'
import { pathToBytes } from '../../extension/domain/path-text.ts'
import type { Platform } from '../../extension/domain/platform.ts'
import { baseName, comparable } from '../../extension/domain/process.ts'
import { loadBundledSets } from '../../extension/indicators/index.ts'
import type { JudgeFile, ProcessParts } from '../../extension/processes/parts.ts'
import { examined } from './examined.ts'
import { digest } from './image/indicator-file.ts'
import { memoryFile } from './memory-file.ts'

const indicators = loadBundledSets().flatMap((set) => set.indicators)
const matches = matcher(indicators)

/** Names of users: one is known. */
export const owners = (uid: number) => (uid === 1000 ? 'alice' : '')

/** Parts for a platform; the files of processes are those that `content` gives, the disk's own unless told. */
export function processParts(
  platform: Platform,
  more: Partial<ProcessParts> = {},
  content: (path: string) => Uint8Array | undefined = onDisk,
): ProcessParts {
  return { platform, indicators, matcher: matches, owners, judge: judgeBy(content), ...more }
}

/** Judges as a hunt would that has decoders, and neither rules nor a cache. */
export function judgeBy(content: (path: string) => Uint8Array | undefined): JudgeFile {
  return async (path) => {
    const bytes = content(path)
    if (!bytes) return undefined
    const name = baseName(comparable(path))
    const product = await readProduct(memoryFile(bytes), { filename: name, head: bytes.subarray(0, 64) })
    const { traits } = await examined(name, bytes)
    const observables: Observable[] = traits.map((trait) => ({ type: 'structure', value: trait.name }))
    const evidence: Evidence = { source: 'structure', path, observables }
    const findings = matches.match(evidence)
    if (findings.length === 0 && !(product && isThreeCxDesktopApp(product))) return undefined
    return { findings, digests: { sha256: digest('sha256', bytes) }, product }
  }
}

function onDisk(path: string): Uint8Array | undefined {
  try {
    return readFileSync(Buffer.from(pathToBytes(path)))
  } catch {
    return undefined
  }
}
