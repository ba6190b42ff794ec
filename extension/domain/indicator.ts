/**
 * Indicators: observables known to belong to the campaign, and the published sets they come from.
 *
 * An indicator is data. It carries what a reader of a report needs (component, stage, level, note) and what a sweep
 * needs to avoid reading files (names, kinds and sizes that a file with this digest can have).
 */
import type { FileKind } from './file-kind.ts'
import type { Level } from './level.ts'
import type { ObservableType } from './observable.ts'
import type { Platform } from './platform.ts'

/** Where in the attack an indicator belongs. Documented in docs/glossary.md. */
export const stages = [
  'delivery',
  'loader_host',
  'loader',
  'payload_carrier',
  'memory_payload',
  'dead_drop',
  'c2',
  'stealer',
  'macos_second_stage',
  'later_stage',
  'vendor_intrusion',
  'related',
  'unknown',
] as const

/** One of the stages. */
export type Stage = (typeof stages)[number]

/**
 * What a match means.
 *
 * - `malicious`: the value belongs to the campaign.
 * - `affected`: a compromised release, or its installer by name.
 * - `context`: worth showing beside a finding, never a finding by itself (a legitimate name or place).
 * - `benign`: a known clean neighbour.
 */
export const statuses = ['malicious', 'affected', 'context', 'benign'] as const

/** One of the statuses. */
export type Status = (typeof statuses)[number]

/** Bounds on a file size, in bytes, both inclusive. */
export interface SizeRange {
  readonly min?: number
  readonly max?: number
}

/** One indicator. `id` is permanent: set id, slash, number. */
export interface Indicator {
  readonly id: string
  readonly set: string
  readonly number: number
  readonly type: ObservableType
  readonly value: string
  /** Where the value means this; absent: on every platform. */
  readonly platform?: Platform
  readonly component: string
  readonly stage: Stage
  readonly level: Level
  readonly status: Status
  /** Base-name patterns (glob components) that files with this digest can have; absent: unknown. */
  readonly names?: readonly string[]
  /** Kinds of file by magic bytes; absent: unknown. */
  readonly kinds?: readonly FileKind[]
  /** Size bounds as published; absent: unknown. */
  readonly size?: SizeRange
  readonly note?: string
}

/** Who published a set, where, and under which terms the facts were read. */
export interface Provenance {
  readonly publisher: string
  readonly url: string
  /** ISO date of the publication. */
  readonly published?: string
  /** ISO date on which the facts were read. */
  readonly retrieved: string
  readonly licence: string
}

/** How a set reached this host, where it did not ship with the program. */
export type SetOrigin =
  | { readonly kind: 'operator' }
  | { readonly kind: 'bundle'; readonly name: string; readonly version: number }

/** One published list, validated and frozen. */
export interface IndicatorSet {
  readonly id: string
  readonly title: string
  readonly source: Provenance
  readonly indicators: readonly Indicator[]
  /** SHA-256 over the canonical content, hex: two hosts with the same version seek the same things. */
  readonly version: string
  /** Absent: it ships with the program. No part of the version. */
  readonly origin?: SetOrigin
}
