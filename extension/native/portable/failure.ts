/**
 * Why one file could not be examined, as the contract's permanent codes.
 *
 * Inside the portable engine a failure travels as an exception, because it ends the work on one file from any depth;
 * it becomes data at the engine's border. System errors keep their name and text and lose their path: the path they
 * name is the one of a system call (`/proc/self/fd/...`), not one a reader knows.
 */
import type { EngineErrorCode } from '../engine.ts'

/** A failure of one file. `read` rejects with it; everything else reports it as data. */
export class FileFailure extends Error {
  readonly code: EngineErrorCode

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FileFailure'
    this.code = code
  }
}

const codes: Readonly<Record<string, EngineErrorCode>> = {
  EACCES: 'denied',
  EPERM: 'denied',
  ENOENT: 'vanished',
  ENOTDIR: 'vanished', // a directory on the way is none any more
  ESTALE: 'vanished',
  ELOOP: 'symlink',
  EISDIR: 'not_regular',
  ENXIO: 'not_regular', // a socket, or a device without its driver
  ENODEV: 'not_regular',
}

/** Any thrown value as a failure of one file; a defect of ours is none and passes through. */
export function fileFailure(error: unknown): FileFailure {
  if (error instanceof FileFailure) return error
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) throw error
  const [said = message] = message.split(`, ${syscall}`)
  return new FileFailure(codes[code] ?? 'io', said, { cause: error })
}
