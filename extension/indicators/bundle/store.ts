/**
 * Bundles installed on this host: files in a directory of our own, and the record that says which of them count.
 *
 * An installation writes the bundle, then the record, each whole: whoever is killed at any moment leaves the record
 * before or the record after, and at worst a file that the next installation removes. Two at the same time take turns
 * by a lock that dies with its process.
 */
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HunterError } from '../../domain/errors.ts'
import { readOwned } from '../../runtime/guarded-file.ts'
import { checkOwned } from '../../runtime/guarded-path.ts'
import { openStateDir } from '../../runtime/state-dir.ts'
import { isUnfinished, writeWhole } from '../../runtime/whole-file.ts'
import { readBundleFile } from './open-bundle.ts'
import {
  type BundleRecord,
  emptyRecord,
  type InstalledBundle,
  maxRecordBytes,
  readRecordText,
  recordText,
} from './record.ts'

/** Milliseconds to wait for another installation. */
const lockMs = 10_000

/** The store below one state directory. */
export class BundleStore {
  readonly directory: string
  readonly #stateDir: string

  constructor(stateDir: string) {
    this.#stateDir = stateDir
    this.directory = join(stateDir, 'indicators')
  }

  /** Where the record is. */
  get recordFile(): string {
    return join(this.directory, 'installed.json')
  }

  /** Where a bundle is. */
  fileOf({ version, sha256 }: Pick<InstalledBundle, 'version' | 'sha256'>): string {
    return join(this.directory, `${version}-${sha256.slice(0, 16)}.bundle`)
  }

  /** What is installed. Throws `bundle_store` when that cannot be told; nothing there is nothing installed. */
  read(): BundleRecord {
    try {
      lstatSync(this.recordFile)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'ENOENT' || code === 'ENOTDIR') return emptyRecord
      throw this.#unusable(error)
    }
    try {
      checkOwned(this.directory)
      return readRecordText(Buffer.from(readOwned(this.recordFile, maxRecordBytes)).toString('utf8'))
    } catch (error) {
      throw this.#unusable(error)
    }
  }

  /** The bytes of an installed bundle. Throws `bundle_damaged` or `bundle_too_large`. */
  bytesOf(installed: InstalledBundle): Uint8Array {
    return readBundleFile(this.fileOf(installed), false)
  }

  /**
   * Runs while nobody else changes the store. Waits that long for another, holding the thread. Throws `state_unusable`
   * when it cannot be written or is held.
   */
  async alone<T>(work: () => Promise<T>, waitMs = lockMs): Promise<T> {
    openStateDir(this.#stateDir)
    mkdirSync(this.directory, { recursive: true, mode: 0o700 })
    openStateDir(this.directory)
    const lock = this.#lock(waitMs)
    try {
      return await work()
    } finally {
      lock.close()
    }
  }

  /** Puts a bundle beside the others; it counts once the record names it. */
  putBundle(installed: InstalledBundle, bytes: Uint8Array): void {
    this.#write(this.fileOf(installed), bytes)
  }

  /** Replaces the record, and removes the files it does not name. */
  putRecord(record: BundleRecord): void {
    this.#write(this.recordFile, Buffer.from(recordText(record)))
    const kept = new Set(record.bundles.map((one) => this.fileOf(one)))
    for (const name of readdirSync(this.directory)) {
      const path = join(this.directory, name)
      const isOurs = (name.endsWith('.bundle') && !kept.has(path)) || isUnfinished(name)
      if (isOurs) rmSync(path, { force: true })
    }
  }

  /** SQLite's lock is the system's: it is gone with the process that held it. */
  #lock(timeout: number): DatabaseSync {
    const path = join(this.directory, 'lock.db')
    try {
      const lock = new DatabaseSync(path, { timeout })
      try {
        lock.exec('BEGIN EXCLUSIVE')
        return lock
      } catch (cause) {
        lock.close()
        throw cause
      }
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `cannot change the bundles in ${this.directory}: another command is at it, or ${path} is bad: ${why}`
      throw new HunterError('state_unusable', message, { cause })
    }
  }

  #write(path: string, bytes: Uint8Array): void {
    try {
      writeWhole(path, [bytes])
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new HunterError('state_unusable', `cannot write ${path}: ${why}`, { cause })
    }
  }

  #unusable(cause: unknown): HunterError {
    const why = cause instanceof Error ? cause.message : String(cause)
    return new HunterError('bundle_store', `cannot read the record of bundles ${this.recordFile}: ${why}`, { cause })
  }
}
