/**
 * Secrets of sinks: read from a file or the environment when they are needed, never kept in a configuration.
 *
 * A file that others can read is refused: a secret that everybody on the host has is none.
 */
import { readFileSync, statSync } from 'node:fs'
import { type SecretReference, SinkError } from './sinks/sink.ts'

const maxBytes = 64 * 1024

/** The secret, without a line end at its end. Throws `SinkError` with `misconfigured`. */
export function readSecret(reference: SecretReference, env: NodeJS.ProcessEnv): string {
  if ('env' in reference) {
    const value = env[reference.env]
    if (!value) throw new SinkError('misconfigured', `the environment variable ${reference.env} is not set`)
    return value
  }
  const { file } = reference
  try {
    const { mode, size } = statSync(file)
    if (process.platform !== 'win32' && (mode & 0o007) !== 0) throw new Error('others may read it; chmod 0600 it')
    if (size > maxBytes) throw new Error(`it has ${size} bytes; expected at most ${maxBytes}`)
    const secret = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    if (secret === '') throw new Error('it is empty')
    return secret
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SinkError('misconfigured', `cannot use secret file ${file}: ${why}`, { cause })
  }
}
