/**
 * One piece of evidence of a program, running or of the past, as the JSON that rows carry.
 */
import type { ProcessEvidence } from '../domain/process.ts'

/** `context` stands for a verdict that is none. */
export function evidenceObject({ verdict, path, fields, indicator, ...said }: ProcessEvidence) {
  const { type, value, level, component, stage } = said
  return { type, value, verdict: verdict ?? 'context', level, component, stage, indicator, path, fields }
}
