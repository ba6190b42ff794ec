/**
 * A file of a synthetic image: its bytes, and what a hunt must say of it and why.
 *
 * The expectation is written down where the file is planned, so that an image is its own answer key. Ordinary files
 * are planned too: most of them are traps for rules that look at names alone.
 */
import { type Verdict, verdicts } from '../../../extension/domain/finding.ts'
import type { Stage } from '../../../extension/domain/indicator.ts'

/** What about a file gives it away. */
export type MatchedBy = 'sha256' | 'sha1' | 'md5' | 'structure' | 'yara_rule' | 'path' | 'filename' | 'version'

/**
 * What an image shows: the published attack; a rebuilt one, of which no digest, version or name is listed and only the
 * structure is the same; or clean releases.
 */
export const imageForms = ['compromised', 'variant', 'clean'] as const
export type ImageForm = (typeof imageForms)[number]

/** The release that alice has. */
export const releaseOf = { compromised: '18.12.416', variant: '18.12.425', clean: '18.12.425' } as const

/** One reason, and the verdict it leads to. */
export interface Reason {
  readonly matchedBy: MatchedBy
  readonly verdict: Verdict
}

/** The reasons that occur. Digests mean the three kinds of entry in the image's own indicator set. */
export const because = {
  sha256: { matchedBy: 'sha256', verdict: 'malicious' },
  sha1: { matchedBy: 'sha1', verdict: 'malicious' },
  md5: { matchedBy: 'md5', verdict: 'malicious' },
  structure: { matchedBy: 'structure', verdict: 'malicious' },
  rule: { matchedBy: 'yara_rule', verdict: 'malicious' },
  suspiciousStructure: { matchedBy: 'structure', verdict: 'suspicious' },
  path: { matchedBy: 'path', verdict: 'malicious' },
  suspiciousPath: { matchedBy: 'path', verdict: 'suspicious' },
  filename: { matchedBy: 'filename', verdict: 'affected' },
  suspiciousFilename: { matchedBy: 'filename', verdict: 'suspicious' },
  version: { matchedBy: 'version', verdict: 'affected' },
} as const satisfies Record<string, Reason>

/** One file before it is written. */
export interface PlannedFile {
  /** Below the root, `/` between components. */
  readonly path: string
  readonly bytes: Uint8Array
  /** Unix seconds. */
  readonly mtime: number
  readonly isExecutable: boolean
  readonly component: string
  readonly stage: Stage
  /** Whether what gives it away is inside an installer, which only the native engine opens. */
  readonly isInside: boolean
  /** Gravest first; empty: nothing may be said of the file. */
  readonly reasons: readonly Reason[]
}

/** When the compromised builds were installed on these hosts. */
const installed = Date.UTC(2023, 2, 22, 9, 30) / 1000
/** When everything else was. */
const earlier = Date.UTC(2022, 8, 1, 12, 0) / 1000

/** A file that belongs to the attack, or to an affected release. */
export function planted(
  path: string,
  component: string,
  stage: Stage,
  bytes: Uint8Array,
  ...reasons: readonly Reason[]
): PlannedFile {
  const rank = ({ verdict }: Reason) => verdicts.indexOf(verdict)
  const gravestFirst = reasons.toSorted((a, b) => rank(b) - rank(a))
  const mtime = installed + path.length
  return { path, bytes, mtime, isExecutable: false, component, stage, isInside: false, reasons: gravestFirst }
}

/** A file of which nothing may be said. */
export function ordinary(path: string, bytes: Uint8Array, component = 'ordinary file'): PlannedFile {
  const mtime = earlier + path.length
  return { path, bytes, mtime, isExecutable: false, component, stage: 'unknown', isInside: false, reasons: [] }
}

/** The same file, put there with the compromised builds. */
export function fromThen(file: PlannedFile): PlannedFile {
  return { ...file, mtime: installed + file.path.length }
}

/** The same file with the executable bit. */
export function executable(file: PlannedFile): PlannedFile {
  return { ...file, isExecutable: true }
}

/** The same file, given away by what is inside it. */
export function inside(file: PlannedFile): PlannedFile {
  return { ...file, isInside: true }
}
