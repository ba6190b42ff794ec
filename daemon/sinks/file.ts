/**
 * Lines into osquery's own log files: `osqueryd.results.log`, `osqueryd.snapshots.log`, status lines in a third.
 *
 * Whoever tails osquery's logs today tails these. A batch is there when the kernel says that it is on the disk; a batch
 * that fails half-way is taken back, so that sending it again leaves neither torn nor double lines.
 */
import { join } from 'node:path'
import { z } from 'zod'
import type { ResultEventKind, SpooledEvent } from '../../extension/domain/result-event.ts'
import { aborted, withDeadline } from './deadline.ts'
import { fileFailure } from './file-failure.ts'
import { type DirectoryLock, lockDirectory } from './log-directory.ts'
import { RotatingFile } from './rotating-file.ts'
import { type Batch, defineSink, type EventFailure, type Sink, type SinkContext, SinkError } from './sink.ts'

const options = z.strictObject({
  directory: z
    .string()
    .min(1)
    .describe('Where the logs lie; made with mode 0700 when missing. Nobody else may be able to write to it'),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/)
    .default('0600')
    .refine((mode) => (Number.parseInt(mode, 8) & 0o022) === 0, 'others may not write to the logs')
    .describe('Mode of new files, octal'),
  rotate_bytes: z
    .int()
    .min(0)
    .default(25 * 2 ** 20)
    .describe('A file is put aside before it grows beyond this; 0: never'),
  rotate_every: z
    .enum(['never', 'hour', 'day', 'week'])
    .default('never')
    .describe('A file is put aside when its last line is from an earlier hour, day or week (UTC)'),
  keep: z.int().min(1).max(1000).default(25).describe('Files put aside that are kept, of each log'),
  compression: z.enum(['none', 'gzip', 'zstd']).default('gzip').describe('What files put aside are packed with'),
})

/** Options of the file sink. */
export type FileOptions = z.infer<typeof options>

const names: Readonly<Record<ResultEventKind, string>> = {
  result: 'osqueryd.results.log',
  snapshot: 'osqueryd.snapshots.log',
  status: 'osqueryd.status.log',
}

/** A disk that takes longer hangs. */
const hangMs = 60_000

export const fileSink = defineSink<FileOptions>({
  type: 'file',
  description:
    "Appends to osquery's log files in a directory, on the disk before a batch counts as delivered; rotated by size and time, packed, and reopened when logrotate moved them.",
  references: ['https://osquery.readthedocs.io/en/stable/deployment/logging/'],
  options,
  open: async (parsed, context) => openFileSink(parsed, context, Date.now),
})

/** The sink with a clock of its own, Unix milliseconds. */
export function openFileSink(parsed: FileOptions, context: SinkContext, now: () => number): Sink {
  const lock = lockDirectory(parsed.directory)
  return new FileSink(context.name, lock, (kind) => {
    const settings = {
      path: join(lock.path, names[kind]),
      mode: Number.parseInt(parsed.mode, 8),
      rotateBytes: parsed.rotate_bytes,
      rotateEvery: parsed.rotate_every,
      keep: parsed.keep,
      compression: parsed.compression,
    }
    return new RotatingFile(settings, now, context.warn)
  })
}

class FileSink implements Sink {
  readonly name: string
  readonly limits = { maxEvents: 10_000, maxBytes: 16 * 2 ** 20, maxLineBytes: 64 * 2 ** 20 }
  readonly #lock: DirectoryLock
  readonly #make: (kind: ResultEventKind) => RotatingFile
  readonly #files = new Map<ResultEventKind, RotatingFile>()
  #last: Promise<void> = Promise.resolve()

  constructor(name: string, lock: DirectoryLock, make: (kind: ResultEventKind) => RotatingFile) {
    this.name = name
    this.#lock = lock
    this.#make = make
  }

  async write(batch: Batch, signal: AbortSignal): Promise<void> {
    const attempted = `append to the logs in ${this.#lock.path}`
    const work = this.#last.then(async () => {
      if (signal.aborted) throw aborted(attempted)
      await this.#append(batch)
    })
    this.#last = work.catch(() => undefined)
    // A disk that hangs cannot be interrupted: the write is given up, the next one waits for it.
    await withDeadline(work, { timeoutMs: hangMs, signal, attempted }, () => undefined)
  }

  async #append(batch: Batch): Promise<void> {
    const failures: EventFailure[] = []
    let worst: SinkError | undefined
    for (const kind of Object.keys(names) as ResultEventKind[]) {
      const events = batch.events.filter((event) => event.kind === kind)
      const whole = events.filter((event) => !/[\r\n]/.test(event.line))
      failures.push(...events.filter((event) => !whole.includes(event)).map(brokenLine))
      if (whole.length === 0) continue
      try {
        await this.#file(kind).append(Buffer.from(whole.map((event) => `${event.line}\n`).join('')))
      } catch (cause) {
        worst = fileFailure(cause, `append ${whole.length} lines to ${join(this.#lock.path, names[kind])}`)
        const { message } = worst
        failures.push(...whole.map(({ sequence }) => ({ sequence, reason: message, isFinal: false })))
      }
    }
    if (failures.length === 0) return
    if (worst && failures.length === batch.events.length && failures.every((one) => !one.isFinal)) throw worst
    const message = worst?.message ?? `append to ${this.#lock.path}: ${failures.length} lines hold a line end`
    throw new SinkError(worst?.code ?? 'refused', message, { cause: worst, failures })
  }

  async close(): Promise<void> {
    try {
      await Promise.all([...this.#files.values()].map((file) => file.close()))
    } finally {
      this.#lock.release()
    }
  }

  #file(kind: ResultEventKind): RotatingFile {
    const file = this.#files.get(kind) ?? this.#make(kind)
    this.#files.set(kind, file)
    return file
  }
}

function brokenLine({ sequence }: SpooledEvent): EventFailure {
  return { sequence, reason: 'the line holds a line end; one line is one event', isFinal: true }
}
