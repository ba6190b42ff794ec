/**
 * One pull of the add-on's walk, read where it lies: binding/src/pack.rs describes the buffer.
 *
 * Objects are made of entries when somebody asks for them. The buffer as it came can be handed back to the add-on with
 * indexes of entries to digest, so that paths cross the border once.
 */
import type { PathText } from '../domain/path-text.ts'
import { Columns, codeAt, header } from './columns.ts'
import type { EngineError, WalkBatch, WalkEntry, WalkProgress } from './engine.ts'
import type { EntryColumns } from './entry-columns.ts'

/** Entries in the add-on's own layout. */
export class PackedEntries implements EntryColumns {
  readonly length: number
  /** The whole answer, as it came. */
  readonly packed: Uint8Array
  readonly #firstTicket: number
  readonly #dev: BigUint64Array
  readonly #ino: BigUint64Array
  readonly #times: readonly BigInt64Array[]
  readonly #size: Float64Array
  readonly #blocks: Float64Array
  readonly #root: Uint32Array
  readonly #owners: readonly Uint32Array[]
  readonly #pathEnds: Uint32Array
  readonly #ruleEnds: Uint32Array
  readonly #rules: Uint32Array
  /** Set by whoever read on: the text lies behind the columns of the errors. */
  text: Buffer = Buffer.alloc(0)

  constructor(packed: Uint8Array, columns: Columns, length: number, rules: number, firstTicket: number) {
    this.packed = packed
    this.length = length
    this.#firstTicket = firstTicket
    this.#dev = columns.unsigned(length)
    this.#ino = columns.unsigned(length)
    this.#times = [0, 1, 2, 3].map(() => columns.signed(length))
    this.#size = columns.floats(length)
    this.#blocks = columns.floats(length)
    this.#root = columns.integers(length)
    this.#owners = [0, 1, 2, 3].map(() => columns.integers(length))
    this.#pathEnds = columns.integers(length)
    this.#ruleEnds = columns.integers(length)
    this.#rules = columns.integers(rules)
  }

  path(at: number): PathText {
    return this.text.toString('utf8', at === 0 ? 0 : this.#pathEnds[at - 1], this.#pathEnds[at])
  }

  size(at: number): number {
    return this.#size[at] ?? 0
  }

  rules(at: number): Uint32Array {
    return this.#rules.subarray(at === 0 ? 0 : this.#ruleEnds[at - 1], this.#ruleEnds[at])
  }

  ticket(at: number): number | undefined {
    return this.#firstTicket < 0 ? undefined : this.#firstTicket + at
  }

  entry(at: number): WalkEntry {
    const [mtimeNs, ctimeNs, atimeNs, btimeNs] = this.#times
    const [mode, uid, gid, nlink] = this.#owners
    return {
      root: this.#root[at] ?? 0,
      path: this.path(at),
      rules: Array.from(this.rules(at)),
      dev: this.#dev[at] ?? 0n,
      ino: this.#ino[at] ?? 0n,
      size: this.size(at),
      mtimeNs: mtimeNs?.[at] ?? 0n,
      ctimeNs: ctimeNs?.[at] ?? 0n,
      atimeNs: atimeNs?.[at] ?? 0n,
      btimeNs: btimeNs?.[at] ?? 0n,
      blocks: this.#blocks[at] ?? 0,
      mode: mode?.[at] ?? 0,
      uid: uid?.[at] ?? 0,
      gid: gid?.[at] ?? 0,
      nlink: nlink?.[at] ?? 0,
      ...(this.#firstTicket >= 0 && { ticket: this.#firstTicket + at }),
    }
  }
}

/** A batch whose objects are made when they are asked for. What spreads it gets no columns, only what it names. */
export class PackedBatch implements WalkBatch {
  readonly errors: readonly EngineError[]
  readonly progress: WalkProgress
  readonly #columns: PackedEntries
  #entries: readonly WalkEntry[] | undefined

  constructor(packed: Uint8Array) {
    const columns = new Columns(packed)
    const [n = 0, m = 0, r = 0, textLength = 0, ...totals] = header(columns, 11)
    const [directories = 0, names = 0, files = 0, selected = 0, settled = 0, truncated = 0, firstTicket = -1] = totals
    this.#columns = new PackedEntries(packed, columns, n, r, firstTicket)
    const root = columns.integers(m)
    const code = columns.integers(m)
    const ends = [columns.integers(m), columns.integers(m)]
    this.#columns.text = columns.bytes(textLength)
    this.errors = decodeErrors(root, code, ends, columns.rest())
    this.progress = { directories, entries: names, files, selected, settled, truncated: truncated === 1 }
  }

  get columns(): EntryColumns {
    return this.#columns
  }

  get entries(): readonly WalkEntry[] {
    this.#entries ??= Array.from({ length: this.#columns.length }, (_, at) => this.#columns.entry(at))
    return this.#entries
  }
}

function decodeErrors(
  root: Uint32Array,
  code: Uint32Array,
  [pathEnds, messageEnds]: readonly Uint32Array[],
  text: Buffer,
): EngineError[] {
  const errors: EngineError[] = []
  let start = 0
  for (let i = 0; i < root.length; i++) {
    const pathEnd = pathEnds?.[i] ?? 0
    const messageEnd = messageEnds?.[i] ?? 0
    errors.push({
      root: root[i] ?? 0,
      path: text.toString('utf8', start, pathEnd),
      code: codeAt(code[i] ?? -1),
      message: text.toString('utf8', pathEnd, messageEnd),
    })
    start = messageEnd
  }
  return errors
}
