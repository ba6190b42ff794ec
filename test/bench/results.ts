/**
 * `results.json`: one run of the benchmark for the targets, as it was measured; the page and the picture in docs are made
 * of it alone. One run on one machine, never pieced together.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const contestedSchema = z.strictObject({
  /** The first is ours. */
  contenders: z.array(
    z.strictObject({
      name: z.string(),
      /** By the clock on the wall, one per round. */
      wall: z.array(z.number()),
      /** CPU seconds, user and system, all processes, one per round. */
      cpu: z.array(z.number()),
      /** Of our whole processes: how long each ping of the event loop waited, milliseconds, all rounds together. */
      pings: z.array(z.number()).optional(),
    }),
  ),
})

const factsSchema = z.strictObject({
  /** Bytes in the large files, in the small files, in the log. */
  largeBytes: z.number().optional(),
  smallBytes: z.number().optional(),
  logBytes: z.number().optional(),
  /** Digests in memory, bytes per CPU second of one thread, by algorithm, and by what. */
  speeds: z.record(z.string(), z.strictObject({ bytesPerSecond: z.number(), kernel: z.string() })).optional(),
  /** SHA-256 in memory as `openssl speed` says it, bytes per CPU second: one stream. */
  opensslSpeed: z.number().optional(),
  /** What a hunt within a tenth of a core used, as a part of one core. */
  gentleShare: z.number().optional(),
})

const resultsSchema = z.strictObject({
  machine: z.string(),
  /** By what sizes were divided. */
  shrink: z.number(),
  rounds: z.number(),
  /** Load of the machine before the run, and what its owner says of other work on it. */
  load: z.number(),
  note: z.string(),
  /** Sizes of the data. */
  sizes: z.strictObject({
    largeFiles: z.number(),
    smallFiles: z.number(),
    manyFiles: z.number(),
    logLines: z.number(),
  }),
  contests: z.record(z.string(), contestedSchema),
  /** Why a contender is in no contest. */
  missing: z.record(z.string(), z.string()),
  facts: factsSchema,
})

/** Timings of a contest. */
export type Contested = Readonly<z.infer<typeof contestedSchema>>
/** Single numbers. */
export type Facts = z.infer<typeof factsSchema>
/** A whole run. */
export type Results = Readonly<z.infer<typeof resultsSchema>>

/** Where the committed run is. */
export const resultsPath = join(import.meta.dirname, 'results.json')

/** Reads a run; throws when it is not one. */
export function readResults(path = resultsPath): Results {
  return resultsSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
}

/** A run as text, in the order of the schema, numbers rounded to what was measured. Throws when it is not one. */
export function resultsText(results: Results): string {
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value)
  return `${JSON.stringify(resultsSchema.parse(results), rounded, 1).replace(/\[[^[\]{}]*\]/g, (list) => list.replace(/\s+/g, ' '))}\n`
}
