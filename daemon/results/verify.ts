/**
 * Whether everything arrived: reads what a receiver has, and names gaps, repeats and changed lines per stream.
 *
 * Streaming, in memory that grows with the number of gaps and streams, both bounded, and not with the log. Opening files,
 * unpacking and printing are the command's (`threecx daemon verify`). How a line is read is in `received-line.ts`.
 */
import { eventsIn } from './received-line.ts'
import { type Interval, SequenceSet } from './sequence-set.ts'

/** What arrived of one stream: one spool file of one host. */
export interface StreamReport {
  readonly stream: string
  readonly first: number
  readonly last: number
  /** Different events. */
  readonly received: number
  /** Missing sequences, the first of them where there are many. */
  readonly gaps: readonly Interval[]
  readonly gapCount: number
  readonly missing: number
  /** Events that came once more. */
  readonly repeats: number
  /** Lines that are not what was spooled. */
  readonly mismatches: number
  /** Lines that were taken apart by the receiver, so that nobody can say. */
  readonly unchecked: number
  /** Events from far behind, when gaps were too many to remember: repeats, or gaps that closed. */
  readonly late: number
}

/** What arrived. */
export interface DeliveryReport {
  readonly streams: readonly StreamReport[]
  readonly lines: number
  /** Lines without a proof that can be read. */
  readonly unproven: number
  /** Lines longer than any that is sent, left unread. */
  readonly tooLong: number
  /** Events of streams beyond the bound. */
  readonly leftOut: number
}

/** Bounds, and where streams begin. */
export interface DeliveryOptions {
  /** First sequence that must be there; absent: the first that is. */
  readonly from?: number
  readonly maxStreams?: number
  /** Stretches remembered per stream before old gaps are settled. */
  readonly maxIntervals?: number
  /** Gaps named per stream. */
  readonly maxGaps?: number
  readonly maxLineBytes?: number
}

interface Stream {
  readonly sequences: SequenceSet
  received: number
  repeats: number
  mismatches: number
  unchecked: number
  late: number
}

const newline = 0x0a

/** Reads received lines, from one log or several. */
export class DeliveryCheck {
  readonly #options: Required<Omit<DeliveryOptions, 'from'>> & { readonly from: number | undefined }
  readonly #streams = new Map<string, Stream>()
  #lines = 0
  #unproven = 0
  #tooLong = 0
  #leftOut = 0

  constructor(options: DeliveryOptions = {}) {
    this.#options = {
      from: options.from,
      maxStreams: options.maxStreams ?? 10_000,
      maxIntervals: options.maxIntervals ?? 200_000,
      maxGaps: options.maxGaps ?? 1000,
      maxLineBytes: options.maxLineBytes ?? 2 ** 28,
    }
  }

  /** Reads a log, piece by piece. The last line may lack its end. */
  async read(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    let held: Buffer[] = []
    let bytes = 0
    const hold = (piece: Buffer) => {
      bytes += piece.length
      if (bytes <= this.#options.maxLineBytes) held.push(piece)
      else held = []
    }
    const end = () => {
      if (bytes > this.#options.maxLineBytes) {
        this.#lines++
        this.#tooLong++
      } else if (held.length > 0) this.line(Buffer.concat(held).toString('utf8'))
      held = []
      bytes = 0
    }
    for await (const piece of pieces) {
      const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      let from = 0
      for (let at = buffer.indexOf(newline); at >= 0; at = buffer.indexOf(newline, from)) {
        hold(buffer.subarray(from, at))
        end()
        from = at + 1
      }
      // A copy: whoever gives pieces may use their memory again.
      if (from < buffer.length) hold(Buffer.from(buffer.subarray(from)))
    }
    end()
  }

  /** Reads one line; empty ones do not count. */
  line(text: string): void {
    if (text.trim() === '') return
    this.#lines++
    let proven = false
    for (const { proof, condition } of eventsIn(text)) {
      const name = streamOf(proof.id, proof.sequence)
      if (name === undefined) continue
      proven = true
      const stream = this.#stream(name)
      if (stream === undefined) {
        this.#leftOut++
        continue
      }
      if (condition === 'changed') stream.mismatches++
      if (condition === 'unchecked') stream.unchecked++
      const added = stream.sequences.add(proof.sequence)
      if (added === 'new') stream.received++
      else if (added === 'repeat') stream.repeats++
      else stream.late++
    }
    if (!proven) this.#unproven++
  }

  report(): DeliveryReport {
    const streams = [...this.#streams].map(([stream, { sequences, ...counts }]) => {
      const { list, count, missing } = sequences.gaps(this.#options.from)
      const [first, last] = [sequences.first ?? 0, sequences.last ?? 0]
      return { stream, first, last, ...counts, gaps: list, gapCount: count, missing }
    })
    return {
      streams: streams.sort((one, other) => (one.stream < other.stream ? -1 : 1)),
      lines: this.#lines,
      unproven: this.#unproven,
      tooLong: this.#tooLong,
      leftOut: this.#leftOut,
    }
  }

  #stream(name: string): Stream | undefined {
    const known = this.#streams.get(name)
    if (known !== undefined || this.#streams.size >= this.#options.maxStreams) return known
    const stream = {
      sequences: new SequenceSet(this.#options),
      received: 0,
      repeats: 0,
      mismatches: 0,
      unchecked: 0,
      late: 0,
    }
    this.#streams.set(name, stream)
    return stream
  }
}

/** An id is `<stream>-<sequence>`; undefined when it is not. */
function streamOf(id: string, sequence: number): string | undefined {
  const end = `-${sequence}`
  return id.endsWith(end) && id.length > end.length ? id.slice(0, -end.length) : undefined
}
