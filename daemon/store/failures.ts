/**
 * What SQLite and the system say about the state file, as the one failure an operator knows: `state_unusable`.
 *
 * Only failures of file, disk and lock are translated. A wrong statement or a broken constraint is a defect of ours and
 * stays what it is.
 */
import { HunterError } from '../../extension/domain/errors.ts'

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html. */
const sqlite: Readonly<Record<number, string>> = {
  5: 'another process uses it',
  6: 'another connection of this process uses it',
  8: 'it is read-only',
  10: 'the disk gave an I/O error',
  11: 'it is damaged',
  13: 'the disk is full',
  14: 'it cannot be opened or created',
  26: 'it is damaged',
}

const system: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  ENOENT: 'the directory is missing',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
  EIO: 'the disk gave an I/O error',
  EMFILE: 'too many files are open',
}

/** SQLite's primary result code; undefined for errors that are not SQLite's. */
export function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined
}

/** Whether SQLite found the file itself wrong. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error)
  return code === 11 || code === 26
}

/** Whether somebody else holds the file. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error)
  return code === 5 || code === 6
}

/** The failure to throw in place of `error`: itself, unless file, disk or lock are at fault. */
export function asFailure(attempted: string, path: string, error: unknown): unknown {
  if (error instanceof HunterError) return error
  const reason = sqlite[resultCode(error) ?? -1] ?? system[systemCode(error) ?? '']
  if (reason === undefined) return error
  const said = error instanceof Error ? error.message : String(error)
  return new HunterError('state_unusable', `cannot ${attempted} ${path}: ${reason} (${said})`, { cause: error })
}

function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
