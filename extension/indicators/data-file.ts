/**
 * A small data file beside the sets (places, shared hosts): JSON of a known shape, or an error with every problem.
 */
import type { z } from 'zod'
import { readBounded } from './files.ts'
import { addIssues } from './issues.ts'
import { shown } from './load.ts'
import { IndicatorsError, ProblemList } from './problems.ts'
import { decodeText, parseJson } from './text.ts'

/** Reads and validates a data file. Throws `IndicatorsError`. */
export function readDataFile<T>(path: string, schema: z.ZodType<T>): T {
  const problems = new ProblemList(shown(path))
  const read = readBounded(path)
  const decoded = 'problem' in read ? read : decodeText(read.bytes)
  const json = 'problem' in decoded ? decoded : parseJson(decoded.text)
  if ('problem' in json) {
    problems.add('', json.problem)
    throw new IndicatorsError(problems.all())
  }
  const parsed = schema.safeParse(json.value)
  if (parsed.success) return parsed.data
  addIssues(problems, parsed.error.issues, '', json.value)
  throw new IndicatorsError(problems.all())
}
