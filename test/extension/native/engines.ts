/**
 * The engines under test: the native one, the portable one as Linux runs it, and the portable one as systems without
 * /proc run it.
 */
import type { ScanEngine } from '../../../extension/native/engine.ts'
import { loadNative } from '../../../extension/native/native.ts'
import { portableEngine } from '../../../extension/native/portable/index.ts'

/** An engine, or why it cannot be tested here. */
export interface Contender {
  readonly label: string
  readonly engine: ScanEngine | undefined
  readonly problem?: string
  /** It names files by whole paths: what is too long for one is an error, and races are only narrowed. */
  readonly byPath?: boolean
}

/** All engines. */
export function contenders(): Contender[] {
  const loaded = loadNative()
  return [
    'problem' in loaded
      ? { label: `native (skipped: ${loaded.problem})`, engine: undefined, problem: loaded.problem }
      : { label: 'native', engine: loaded },
    { label: 'portable', engine: portableEngine() },
    { label: 'portable, by path', engine: portableEngine('paths'), byPath: true },
  ]
}
