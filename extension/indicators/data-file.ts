/**
 * A small data file beside the sets (places, shared hosts): JSON of a known shape, or an error with every problem.
 */
import type { z } from 'zod'
import type { SourceFile } from './files.ts'
import { addIssues } from './issues.ts'
import { IndicatorsError, ProblemList } from './problems.ts'
import { decodeText, parseJson } from './text.ts'

/** Reads and validates a data file. Throws `IndicatorsError`. */
export function readDataFile<T>(file: SourceFile, schema: z.ZodType<T>): T {
  const problems = new ProblemList(file.name)
  const read = file.read()
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
