/**
 * An engine that does what the test says for each statement, and notes what ran beside what.
 */
import { type Engine, EngineError, type QueryBudget, type ResultSet } from '../../../daemon/engine/engine.ts'

/** What a statement does. */
export type Stage = (signal: AbortSignal) => Promise<ResultSet>

/** One row. */
export const oneRow: ResultSet = { columns: [{ name: 'n', type: 'INTEGER' }], rows: [{ n: '1' }] }

/** The engine. */
export class StagedEngine implements Engine {
  readonly name: 'osquery' | 'embedded'
  /** Statements in the order in which they began. */
  readonly asked: string[] = []
  readonly stages = new Map<string, Stage>()
  /** Rejects everything while it is set. */
  outage: EngineError | undefined
  engineVersion = '5.23.0'
  cpuMs?: () => number
  #running: string[] = []
  /** Statements that ran twice at once; there should be none. */
  readonly doubled: string[] = []
  /** How many ran at once at most. */
  most = 0

  constructor(name: 'osquery' | 'embedded' = 'osquery') {
    this.name = name
  }

  async query(sql: string, _budget: QueryBudget, signal: AbortSignal): Promise<ResultSet> {
    this.asked.push(sql)
    if (this.#running.includes(sql)) this.doubled.push(sql)
    this.#running.push(sql)
    this.most = Math.max(this.most, this.#running.length)
    try {
      if (this.outage) throw this.outage
      return await (this.stages.get(sql)?.(signal) ?? Promise.resolve(oneRow))
    } finally {
      this.#running.splice(this.#running.indexOf(sql), 1)
    }
  }

  async version(): Promise<string> {
    if (this.outage) throw this.outage
    return this.engineVersion
  }

  async close(): Promise<void> {}
}

/** A statement that answers when it is told to, and stalls at its deadline. */
export class HeldStage {
  #resolve: (result: ResultSet) => void = () => {}
  #reject: (error: Error) => void = () => {}

  readonly stage: Stage = (signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<ResultSet>()
    this.#resolve = resolve
    this.#reject = reject
    signal.addEventListener('abort', () => reject(new EngineError('stalled', 'it did not answer in time')))
    return promise
  }

  answer(result: ResultSet = oneRow): void {
    this.#resolve(result)
  }

  fail(error: Error): void {
    this.#reject(error)
  }
}

/** osquery went away in the middle. */
export const death = () =>
  new EngineError('unreachable', 'osquery went away in the middle of it', { isInterrupted: true })
/** osquery is not there. */
export const absence = () => new EngineError('unreachable', 'no osquery is there')
