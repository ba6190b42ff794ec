/**
 * Lines to standard output: one line an event, nothing else on it.
 *
 * A batch is delivered when the stream took all of it. A reader that does not read holds the batch up and no more than
 * that one is kept; a reader that is gone (EPIPE) makes the sink unavailable for good, and never ends the process.
 */
import type { Writable } from 'node:stream'
import { z } from 'zod'
import { aborted } from './deadline.ts'
import { type Batch, defineSink, type Sink, SinkError } from './sink.ts'

const options = z.strictObject({})

export const stdoutSink = defineSink<z.infer<typeof options>>({
  type: 'stdout',
  description: "Writes lines to the daemon's standard output, e.g. for a container's log collector or the journal.",
  references: [],
  options,
  open: async (_, context) => openStdout(process.stdout, context.name),
})

/** The sink on any stream. */
export function openStdout(stream: Writable, name: string): Sink {
  return new StdoutSink(stream, name)
}

class StdoutSink implements Sink {
  readonly name: string
  readonly limits = { maxEvents: 1000, maxBytes: 2 ** 20, maxLineBytes: 64 * 2 ** 20 }
  readonly #stream: Writable
  readonly #remember: (cause: Error) => void
  /** Why the stream takes nothing any more. */
  #gone: Error | undefined
  #isWriting = false

  constructor(stream: Writable, name: string) {
    this.name = name
    this.#stream = stream
    this.#remember = (cause) => {
      this.#gone = cause
    }
    stream.on('error', this.#remember)
  }

  async write(batch: Batch, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw aborted('write to standard output')
    if (this.#gone || this.#stream.destroyed || this.#stream.writableEnded) throw this.#unavailable(this.#gone)
    if (this.#isWriting) {
      throw new SinkError('unavailable', 'write to standard output: the reader has not taken the previous batch yet')
    }
    const text = batch.events.map(({ line }) => `${line}\n`).join('')
    this.#isWriting = true
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(aborted('write to standard output'))
      const onClose = () => this.#settle(() => reject(this.#unavailable(this.#gone)))
      signal.addEventListener('abort', onAbort, { once: true })
      this.#stream.once('close', onClose)
      this.#stream.write(text, (cause) => {
        signal.removeEventListener('abort', onAbort)
        this.#stream.off('close', onClose)
        this.#settle(() => (cause ? reject(this.#unavailable(cause)) : resolve()))
      })
    })
  }

  /** The stream is not ours to end. */
  async close(): Promise<void> {
    // A late EPIPE of a write that was given up would end the process if nobody listened.
    if (!this.#isWriting) this.#stream.off('error', this.#remember)
  }

  #settle(then: () => void): void {
    this.#isWriting = false
    then()
  }

  #unavailable(cause: Error | undefined): SinkError {
    const found = cause?.message ?? 'it is closed'
    return new SinkError('unavailable', `write to standard output: ${found}; is its reader still there?`, { cause })
  }
}
