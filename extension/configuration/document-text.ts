/**
 * The text of an operator's document. What it says is read in document.ts: a start without a document needs neither its
 * parser nor the schema.
 */
import { readFileSync, statSync } from 'node:fs'
import { HunterError } from '../domain/errors.ts'

/** A longer file is no configuration. */
const maxBytes = 1 << 20

/** The text of a file; undefined when it is not there and nobody named it. Throws `configuration_invalid`. */
export function readDocument(path: string, isNamed: boolean): string | undefined {
  try {
    const { size } = statSync(path)
    if (size > maxBytes) throw new Error(`it has ${size} bytes; expected at most ${maxBytes}`)
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (cause) {
    if (!isNamed && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new HunterError('configuration_invalid', `cannot read configuration ${path}: ${why}`, { cause })
  }
}
