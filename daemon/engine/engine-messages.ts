/**
 * What a process and the engine in another say to each other, over Node's channel between them.
 */
import type { EngineErrorCode, QueryBudget, ResultSet } from './engine.ts'

/** To the engine. Numbers tell questions apart for the life of its process. */
export type ToEngine =
  | { readonly kind: 'query'; readonly id: number; readonly sql: string; readonly budget: QueryBudget }
  /** The time of a query is over. */
  | { readonly kind: 'stop'; readonly id: number }

/** From the engine; `cpuMs` is what its process has spent since it began. */
export type FromEngine =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly cpuMs: number; readonly result: ResultSet }
  | {
      readonly kind: 'failure'
      readonly id: number
      readonly cpuMs: number
      readonly code: EngineErrorCode
      readonly message: string
      readonly isInterrupted: boolean
    }
