/**
 * Logs that were put aside: `NAME.1` is the newest, packed ones end in `.gz` or `.zst`, the oldest are removed.
 *
 * Packing happens beside the writing, into a partial file that is renamed when it is whole; a crash leaves the unpacked
 * file, which is packed at the next rotation. A failure to pack or to remove costs disk space, never a line.
 */
import { constants, createWriteStream, promises as fs } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'
import type { SinkContext } from './sink.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

const endings: Readonly<Record<Compression, string>> = { none: '', gzip: '.gz', zstd: '.zst' }

/** One file that was put aside. */
interface Aside {
  readonly number: number
  readonly ending: string
}

/** How many of which log are kept, and how. */
export interface RotatedFilesSettings {
  readonly path: string
  readonly mode: number
  readonly keep: number
  readonly compression: Compression
}

export class RotatedFiles {
  readonly #settings: RotatedFilesSettings
  readonly #warn: SinkContext['warn']
  readonly #stop = new AbortController()
  #packing: Promise<void> = Promise.resolve()

  constructor(settings: RotatedFilesSettings, warn: SinkContext['warn']) {
    this.#settings = settings
    this.#warn = warn
  }

  /** Renames the log to `.1` and the others onward, highest number first, so that a crash between two loses nothing. */
  async putAside(): Promise<void> {
    const { path, keep } = this.#settings
    await this.#packing
    const aside = await this.#list()
    for (const one of aside.filter(({ number }) => number >= keep)) await this.#remove(this.#pathOf(one))
    for (const one of aside.filter(({ number }) => number < keep)) {
      await fs.rename(this.#pathOf(one), this.#pathOf({ ...one, number: one.number + 1 }))
    }
    await fs.rename(path, this.#pathOf({ number: 1, ending: '' }))
    this.#packing = this.#pack().catch((cause: unknown) => {
      if (!this.#stop.signal.aborted) this.#warn({ err: cause, path }, 'a log that was put aside could not be packed')
    })
  }

  /** Stops packing; what was not packed stays as it is. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#packing
  }

  /** Highest number first. Names that are not ours are left alone. */
  async #list(): Promise<Aside[]> {
    const { path } = this.#settings
    const prefix = `${basename(path)}.`
    const names = (await fs.readdir(dirname(path))).filter((name) => name.startsWith(prefix))
    const found = names.flatMap((name) => {
      const [, number, ending] = /^([1-9]\d{0,5})(|\.gz|\.zst)$/.exec(name.slice(prefix.length)) ?? []
      return number === undefined || ending === undefined ? [] : [{ number: Number(number), ending }]
    })
    for (const name of names) if (name.endsWith('.partial')) await this.#remove(join(dirname(path), name))
    return found.sort((a, b) => b.number - a.number)
  }

  async #pack(): Promise<void> {
    const { mode, compression } = this.#settings
    if (compression === 'none') return
    for (const one of await this.#list()) {
      if (one.ending !== '') continue
      const plain = this.#pathOf(one)
      const packed = this.#pathOf({ ...one, ending: endings[compression] })
      const partial = `${packed}.partial`
      try {
        const packer = compression === 'gzip' ? createGzip() : createZstdCompress()
        const source = (await fs.open(plain, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))).createReadStream()
        const target = createWriteStream(partial, { flags: 'wx', mode, flush: true })
        await pipeline(source, packer, target, { signal: this.#stop.signal })
        await fs.rename(partial, packed)
        await fs.unlink(plain)
      } catch (cause) {
        await this.#remove(partial)
        throw cause
      }
    }
  }

  async #remove(path: string): Promise<void> {
    await fs.rm(path, { force: true }).catch((cause: unknown) => {
      this.#warn({ err: cause, path }, 'an old log could not be removed')
    })
  }

  #pathOf({ number, ending }: Aside): string {
    return `${this.#settings.path}.${number}${ending}`
  }
}
