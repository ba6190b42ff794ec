/**
 * The scanning engine of this process: the native one where it loads, the portable one elsewhere.
 *
 * Why the portable one was taken is part of the answer, so that it is logged and shown and nobody is slow unknowingly.
 */
import { HunterError } from '../domain/errors.ts'
import type { ScanEngine } from './engine.ts'
import { loadNative } from './native.ts'

export * from './engine.ts'
export type { FoundLine, LinesBatch, LinesProblem, LinesRequest, Packing } from './lines.ts'
export type { RegistryAnswer, RegistryKey, RegistryQuery } from './registry.ts'
export type { Selection } from './selection.ts'

/** Which engine is wanted. */
export interface EngineChoice {
  readonly prefer?: ScanEngine['name']
  /** Where we may write; the single-file executable unpacks its add-on there. */
  readonly stateDir?: string | undefined
}

/** An engine, and why it is not the native one when it is not. */
export interface OpenedEngine {
  readonly engine: ScanEngine
  readonly reason?: string
  /** Whether somebody should look into the reason. */
  readonly isAlarming?: boolean
}

/** The variable that overrides the choice: `native` or `portable`. */
const variable = 'THREECX_ENGINE'

/**
 * Opens an engine. The environment has the last word; without any word the native one is tried first. The portable one
 * is loaded only where it is taken.
 */
export async function openEngine(
  { prefer, stateDir }: EngineChoice = {},
  environment: NodeJS.ProcessEnv = process.env,
): Promise<OpenedEngine> {
  const said = environment[variable] || undefined
  if (said !== undefined && said !== 'native' && said !== 'portable') {
    throw new HunterError('usage', `${variable} is ${JSON.stringify(said)}; expected native or portable`)
  }
  if (said === 'portable') return { engine: await portable(), reason: `${variable} is "portable"` }
  if (said === undefined && prefer === 'portable') return { engine: await portable(), reason: 'it was asked for' }
  const loaded = loadNative(stateDir)
  if (!('problem' in loaded)) return { engine: loaded }
  if (said === undefined)
    return { engine: await portable(), reason: loaded.problem, isAlarming: loaded.isAlarming ?? false }
  throw new HunterError('engine_failed', `${variable} is "native", but ${loaded.problem}`)
}

async function portable(): Promise<ScanEngine> {
  const { portableEngine } = await import('./portable/index.ts')
  return portableEngine()
}
