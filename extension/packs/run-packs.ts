/**
 * Packs, run once: each query against its budget, with the rows that somebody accepted taken out.
 *
 * Who answers is the caller's: an embedded engine over our tables, or an osquery by its socket. One query that fails
 * costs itself. A query that takes longer than its budget is let finish, up to ten times as long, because the first
 * question to an engine that has just started pays for the sweep.
 */
import type { HuntingPack, HuntingQuery } from '../domain/hunting-query.ts'
import type { Platform } from '../domain/platform.ts'
import type { AnswerLimits } from '../sdk/sql/index.ts'
import { knownBy } from './known-rows.ts'
import type { LoadedPacks } from './load-packs.ts'

/** A row, every value as text. */
export type AnswerRow = Readonly<Record<string, string | number | bigint | Uint8Array | null>>

/** Answers statements. */
export interface Answerer {
  /** Rows within limits; `cut` says what they left out. */
  ask(
    sql: string,
    limits: AnswerLimits,
    signal: AbortSignal,
  ): Promise<{ readonly rows: readonly AnswerRow[]; readonly cut?: string }>
  /** Whether discovery queries can be asked; otherwise packs are in force. */
  readonly hasDiscovery: boolean
  /** Why a query cannot be asked here; undefined when it can. */
  refusal(query: HuntingQuery): string | undefined
}

/** How a query ended. */
export const outcomes = ['nothing', 'rows', 'over_budget', 'failed', 'skipped'] as const

/** One query's end. */
export interface QueryRun {
  readonly query: HuntingQuery
  readonly outcome: (typeof outcomes)[number]
  /** Rows that nobody accepted. */
  readonly rows: readonly AnswerRow[]
  /** How many were accepted. */
  readonly known: number
  readonly seconds: number
  /** What went wrong, over which budget, or why it was skipped. */
  readonly message?: string
}

const cellBytes = 64 * 1024
const answerBytes = 64 * 1024 * 1024
const patience = 10

/** Runs every query whose platforms have this one. Ends early, with its reason, when the signal aborts. */
export async function* runPacks(
  loaded: LoadedPacks,
  answerer: Answerer,
  platform: Platform | undefined,
  signal: AbortSignal,
): AsyncGenerator<QueryRun, void, undefined> {
  for (const pack of loaded.packs) {
    const absence = await absenceOf(pack, answerer, signal)
    for (const query of pack.queries) {
      signal.throwIfAborted()
      const elsewhere = platform && !query.platforms.includes(platform) ? `not for ${platform}` : undefined
      const message = absence ?? elsewhere ?? answerer.refusal(query)
      if (message === undefined) yield await run(query, loaded, answerer, signal)
      else yield { query, outcome: 'skipped', rows: [], known: 0, seconds: 0, message }
    }
  }
}

/** Why a pack is not in force; undefined when it is. */
async function absenceOf(pack: HuntingPack, answerer: Answerer, signal: AbortSignal): Promise<string | undefined> {
  if (!answerer.hasDiscovery) return undefined
  for (const sql of pack.discovery) {
    try {
      const limits = { maxRows: 1, maxCellBytes: cellBytes, maxBytes: cellBytes }
      const { rows } = await answerer.ask(sql, limits, AbortSignal.any([signal, AbortSignal.timeout(60_000)]))
      if (rows.length === 0) return 'not in force here: a discovery query gave no row'
    } catch (cause) {
      signal.throwIfAborted()
      return `not in force here: a discovery query failed: ${textOf(cause)}`
    }
  }
  return undefined
}

async function run(
  query: HuntingQuery,
  loaded: LoadedPacks,
  answerer: Answerer,
  signal: AbortSignal,
): Promise<QueryRun> {
  const { budget } = query
  const begin = performance.now()
  const elapsed = () => Math.round(performance.now() - begin) / 1000
  const limits = { maxRows: budget.rows + 1, maxCellBytes: cellBytes, maxBytes: answerBytes }
  const deadline = AbortSignal.timeout(budget.seconds * patience * 1000)
  try {
    const { rows, cut } = await answerer.ask(query.sql, limits, AbortSignal.any([signal, deadline]))
    const seconds = elapsed()
    const known = loaded.known.get(query) ?? []
    const open = rows.filter((row) => knownBy(known, row) === undefined)
    const over = excess(query, rows.length, cut, seconds)
    return {
      query,
      outcome: over !== undefined ? 'over_budget' : open.length > 0 ? 'rows' : 'nothing',
      rows: open,
      known: rows.length - open.length,
      seconds,
      ...(over !== undefined && { message: `${over} (${budgetPlace(loaded, query)})` }),
    }
  } catch (cause) {
    signal.throwIfAborted()
    const late = `gave no answer within ${budget.seconds * patience} s, ten times its budget`
    const message = deadline.aborted ? late : textOf(cause)
    return { query, outcome: 'failed', rows: [], known: 0, seconds: elapsed(), message }
  }
}

/** Where the budget stands: `packs/threecx-hunt/artifacts.sql:10`. */
function budgetPlace({ sources }: LoadedPacks, query: HuntingQuery): string {
  const { file = `${query.pack}/${query.name}`, text = '' } = sources.get(query) ?? {}
  const line = text.split('\n').findIndex((one) => one.startsWith('-- budget:'))
  return line < 0 ? file : `${file}:${line + 1}`
}

function excess({ budget }: HuntingQuery, rows: number, cut: string | undefined, seconds: number): string | undefined {
  if (rows > budget.rows) return `more than ${budget.rows} rows`
  if (cut !== undefined) return cut
  return seconds > budget.seconds ? `${seconds} s; expected at most ${budget.seconds} s` : undefined
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
