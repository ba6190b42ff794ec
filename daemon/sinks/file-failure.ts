/**
 * What an error of the file system means for delivery: try later, or a person has to act.
 */
import { SinkError } from './sink.ts'

/** Errors that somebody has to mend; everything else (full, over quota, broken) may pass. */
const remedies: Readonly<Record<string, string>> = {
  EACCES: 'give the daemon the right to write there',
  EPERM: 'give the daemon the right to write there',
  EROFS: 'the file system is mounted read-only; mount it writable or choose another directory',
  ELOOP: 'a symbolic link stands in place of the log; remove it',
  ENOTDIR: 'a component of the path is no directory',
  ENOENT: 'the directory is gone; make it again or restart the daemon',
  EISDIR: 'a directory stands in place of the log; remove it',
}

/** Turns whatever was thrown into a `SinkError` that says what was tried. */
export function fileFailure(cause: unknown, attempted: string): SinkError {
  if (cause instanceof SinkError) return cause
  const found = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const remedy = remedies[code]
  if (remedy === undefined) return new SinkError('unavailable', `${attempted}: ${found}`, { cause })
  return new SinkError('misconfigured', `${attempted}: ${found}; ${remedy}`, { cause })
}
