/**
 * What the serving thread and the plugins' thread say to each other. Bytes of answers are handed over, not copied.
 */
import type { Answer, PluginCall, PluginDescription } from '../plugin.ts'
import type { HostOptions, SessionView, Severity } from './host.ts'

/** Given to the plugins' thread at its start. */
export interface ThreadSetup {
  /** Module whose default export makes the plugins; absent where the thread knows them. */
  readonly module?: string
  readonly manager: string
  readonly questions?: HostOptions['questions']
}

/** To the plugins. */
export type ToPlugins =
  | { readonly kind: 'call'; readonly id: number; readonly call: PluginCall }
  | { readonly kind: 'cancel'; readonly id: number; readonly reason: string }
  | { readonly kind: 'session'; readonly view: SessionView }
  | { readonly kind: 'beat' }
  | { readonly kind: 'close' }

/** From the plugins. */
export type FromPlugins =
  | { readonly kind: 'ready'; readonly plugins: readonly PluginDescription[] }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly kind: 'log'; readonly severity: Severity; readonly message: string }
  | { readonly kind: 'beat' }
  | { readonly kind: 'closed' }
