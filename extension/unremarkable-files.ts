/**
 * Which swept files need no judgement, because it could only say nothing: most of a disk, where a bare digest makes every
 * file worth reading.
 *
 * A prefilter, and never stricter than what follows it: a file is passed over when it was selected for its content alone,
 * its digests begin like none that is sought, and neither an examination nor the product's version asks for more. Whatever
 * might mean something is judged as before (findings.ts). It is asked without an object for the file.
 */
import type { FileHints } from './decoders/decoder.ts'
import { fileKind } from './domain/file-kind.ts'
import type { Indicator } from './domain/indicator.ts'
import { type DigestAlgorithm, digestAlgorithms } from './domain/observable.ts'
import type { Examiner } from './examining/examiner.ts'
import { mayCarryProduct } from './findings.ts'
import { digestAt, recordHead } from './native/digest-record.ts'
import type { Selection } from './native/selection.ts'
import type { FileSlot } from './sweep/swept-files.ts'

/** Answers for the files of passes over whole volumes. */
export class UnremarkableFiles {
  readonly #contentOnly: readonly boolean[]
  readonly #examiner: Pick<Examiner, 'wants'>
  /** First four bytes of every digest that is sought. */
  readonly #sought: ReadonlyMap<DigestAlgorithm, ReadonlySet<number>>

  constructor(selection: Selection, indicators: readonly Indicator[], examiner: Pick<Examiner, 'wants'>) {
    this.#contentOnly = selection.contentOnly ?? []
    this.#examiner = examiner
    const isAny = this.#contentOnly.includes(true)
    const sought = isAny ? indicators : []
    const starts = (type: DigestAlgorithm) =>
      new Set(sought.filter((one) => one.type === type).map((one) => Number.parseInt(one.value.slice(0, 8), 16)))
    this.#sought = new Map(digestAlgorithms.map((type) => [type, starts(type)]))
  }

  /** Whether it was read, and nothing can be said of it. */
  has({ columns, at, record }: FileSlot): boolean {
    return (
      record !== undefined &&
      this.#isForContent(columns.rules(at)) &&
      !this.#isSought(record) &&
      !this.#isAsked(columns.path(at), columns.size(at), recordHead(record))
    )
  }

  #isForContent(rules: ArrayLike<number>): boolean {
    for (let at = 0; at < rules.length; at++) if (this.#contentOnly[rules[at] ?? -1] !== true) return false
    return true
  }

  #isSought(record: Buffer): boolean {
    for (const [type, starts] of this.#sought) {
      const at = digestAt(record, type)
      if (at !== undefined && starts.has(record.readUInt32BE(at))) return true
    }
    return false
  }

  #isAsked(path: string, size: number, head: Uint8Array): boolean {
    const kind = fileKind(head)
    const hints: FileHints = { filename: path.slice(path.lastIndexOf('/') + 1), path, kind, size }
    return mayCarryProduct(kind, path, false) || this.#examiner.wants(hints)
  }
}
