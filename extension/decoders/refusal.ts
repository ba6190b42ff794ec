/**
 * A refusal: why bytes are not, or not soundly, of the format a decoder reads.
 *
 * Suspicious files are damaged on purpose, so damage is an answer and never an exception. A refusal says what was
 * found and what was expected; it carries no bytes of the file beyond a few quoted ones.
 */

/** Why there is nothing to return. */
export interface Refusal {
  readonly problem: string
}

/** Makes a refusal. */
export function refuse(problem: string): Refusal {
  return { problem }
}

/** Whether a decoder refused. */
export function isRefusal<T extends object>(value: T | Refusal): value is Refusal {
  return 'problem' in value
}
