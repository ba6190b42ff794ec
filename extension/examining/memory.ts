/**
 * What was seen in files that have not changed since: a resident hunt looks at the same few every some seconds.
 *
 * Only what was examined without trouble is remembered, and only of files whose last change is long enough ago that
 * another one would show.
 */
import type { Examined, FileToExamine } from './examiner.ts'

/** Examinations kept; one of a file of the attack takes some kilobytes. */
const maxRemembered = 512
/** The coarsest grain of a change time: two seconds, on FAT. */
const unsettledNs = 2_000_000_000n

/** Remembers the last examinations. */
export class ExaminationMemory {
  readonly #seen = new Map<string, Examined>()

  get(file: FileToExamine): Examined | undefined {
    return this.#seen.get(keyOf(file))
  }

  /** Remembers one, in the place of the oldest. */
  put(file: FileToExamine, { examination, rules, members }: Examined): void {
    const isSettled = file.identity.ctimeNs + unsettledNs < BigInt(Date.now()) * 1_000_000n
    // Padding that was not opened may be by a loader that is put beside it later.
    const isFinal = !examination.payloads.some((one) => one.kind === 'certificate_padding')
    if (!isSettled || !isFinal || examination.refusals.length > 0) return
    const key = keyOf(file)
    this.#seen.delete(key)
    this.#seen.set(key, { examination, rules, members })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > maxRemembered && oldest !== undefined) this.#seen.delete(oldest)
  }
}

/** What decoders want depends on the name, too. */
function keyOf({ identity, hints }: FileToExamine): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = identity
  return `${dev},${ino},${size},${mtimeNs},${ctimeNs},${hints.path}`
}
