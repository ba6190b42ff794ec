/**
 * One log file: appended to, put aside by size and by time, repaired after a crash, followed when logrotate moves it.
 *
 * Before each append the path is looked at again: when another file or none is there, it is opened or made. What fails
 * half-way is cut off again; what a crash tore is cut off at the next opening, because it was never acknowledged and
 * will be written whole. A last line that is whole JSON and lacks only its line end keeps its place and gets one.
 */
import { constants, promises as fs } from 'node:fs'
import { dirname } from 'node:path'
import { RotatedFiles, type RotatedFilesSettings } from './rotated-files.ts'
import { type SinkContext, SinkError } from './sink.ts'

/** What a log file is like. */
export interface RotatingFileSettings extends RotatedFilesSettings {
  /** 0: never. */
  readonly rotateBytes: number
  readonly rotateEvery: 'never' | 'hour' | 'day' | 'week'
}

const periodsMs = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 }
/** Weeks begin on Monday; the epoch was a Thursday. */
const mondayMs = 4 * 86_400_000
/** How far back the end of the last whole line is looked for. */
const maxTornBytes = 64 * 2 ** 20

export class RotatingFile {
  readonly #settings: RotatingFileSettings
  readonly #now: () => number
  readonly #rotated: RotatedFiles
  #handle: fs.FileHandle | undefined
  /** Where to cut before anything else is written: an earlier failure could not be taken back. */
  #cutAt: number | undefined

  constructor(settings: RotatingFileSettings, now: () => number, warn: SinkContext['warn']) {
    this.#settings = settings
    this.#now = now
    this.#rotated = new RotatedFiles(settings, warn)
  }

  /** Appends whole lines; they are on the disk when this resolves and not in the file when it rejects. */
  async append(lines: Uint8Array): Promise<void> {
    let handle = await this.#current()
    const found = await handle.stat()
    if (found.size > 0 && this.#isDue(found.size + lines.length, found.mtimeMs)) handle = await this.#rotate()
    const { size } = await handle.stat()
    try {
      for (let at = 0; at < lines.length; ) at += (await handle.write(lines, at)).bytesWritten
      await handle.datasync()
    } catch (cause) {
      this.#cutAt = size
      await this.#cut(handle).catch(() => undefined)
      throw cause
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#handle?.close(), this.#rotated.close()])
    this.#handle = undefined
  }

  /** The file that is at the path now. */
  async #current(): Promise<fs.FileHandle> {
    const there = await fs.lstat(this.#settings.path, { bigint: true }).catch(absent)
    const ours = await this.#handle?.stat({ bigint: true })
    if (this.#handle && there && ours && there.ino === ours.ino && there.dev === ours.dev) {
      if (this.#cutAt !== undefined) await this.#cut(this.#handle)
      return this.#handle
    }
    await this.#letGo()
    return await this.#open(there === undefined)
  }

  async #open(isNew: boolean): Promise<fs.FileHandle> {
    const { path, mode } = this.#settings
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT
    const handle = await fs.open(path, flags | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0), mode)
    try {
      if (!(await handle.stat()).isFile()) {
        throw new SinkError('misconfigured', `${path} is no regular file; remove it or choose another directory`)
      }
      if (isNew) await syncDirectory(dirname(path))
      else await repair(handle)
    } catch (cause) {
      await handle.close()
      throw cause
    }
    this.#handle = handle
    return handle
  }

  async #letGo(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    this.#cutAt = undefined
    await handle?.close()
  }

  async #cut(handle: fs.FileHandle): Promise<void> {
    if (this.#cutAt === undefined) return
    await handle.truncate(this.#cutAt)
    await handle.datasync()
    this.#cutAt = undefined
  }

  #isDue(sizeThen: number, lastMs: number): boolean {
    const { rotateBytes, rotateEvery } = this.#settings
    if (rotateBytes > 0 && sizeThen > rotateBytes) return true
    if (rotateEvery === 'never') return false
    const period = (ms: number) => Math.floor((ms - (rotateEvery === 'week' ? mondayMs : 0)) / periodsMs[rotateEvery])
    return period(this.#now()) > period(lastMs)
  }

  async #rotate(): Promise<fs.FileHandle> {
    await this.#letGo()
    await this.#rotated.putAside()
    await syncDirectory(dirname(this.#settings.path))
    return await this.#open(true)
  }
}

/** Cuts a torn last line, or ends it when it is whole. */
async function repair(handle: fs.FileHandle): Promise<void> {
  const { size } = await handle.stat()
  if (size === 0) return
  const torn = await lastLine(handle, size)
  if (torn === undefined || torn.length === 0) return
  if (isWholeJson(torn)) await handle.write('\n')
  else await handle.truncate(size - torn.length)
  await handle.datasync()
}

/** What stands behind the last line end; nothing when that is too far back to be a line of ours. */
async function lastLine(handle: fs.FileHandle, size: number): Promise<Buffer | undefined> {
  for (let length = 4096; ; length *= 8) {
    const bytes = Buffer.alloc(Math.min(length, size, maxTornBytes))
    await handle.read(bytes, 0, bytes.length, size - bytes.length)
    const end = bytes.lastIndexOf(0x0a)
    if (end >= 0) return bytes.subarray(end + 1)
    if (bytes.length === size) return bytes
    if (bytes.length === maxTornBytes) return undefined
  }
}

function isWholeJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}

function absent(cause: unknown): undefined {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
  throw cause
}

/** Makes names durable; Windows has no such call. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await fs.open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
