/**
 * Everything that a hunt found out about a host: what a verdict is made from.
 */
import type { Artifact } from './artifact.ts'
import type { Contact } from './contact.ts'
import type { Execution } from './execution.ts'
import type { Install } from './install.ts'
import type { TiedProcess } from './process.ts'

/**
 * Whether Windows refuses signatures with bytes behind them (its setting EnableCertPaddingCheck). `unknown`: no Windows,
 * or its registry could not be read.
 */
export type PaddingCheck = 'on' | 'off' | 'unknown'

/** What was found. */
export interface HostState {
  readonly artifacts: readonly Artifact[]
  readonly installs: readonly Install[]
  readonly processes: readonly TiedProcess[]
  readonly contacts: readonly Contact[]
  /** Of the past. */
  readonly executions: readonly Execution[]
  readonly paddingCheck: PaddingCheck
}
