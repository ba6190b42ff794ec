/**
 * YARA rules that stand in a query: compiled once, and run in the rules' own thread.
 *
 * A query names the same text for every file, and a pack has few such queries; a text that is not asked for any more
 * gives its thread back.
 */
import { readRules } from '../rules/rule-book.ts'
import { RuleScanner } from '../rules/scanner.ts'

/** Texts that are kept compiled; each is a thread with some tens of megabytes, which ends by itself when it rests. */
const maxTexts = 2
/** A text beyond this is no rule that somebody wrote into a query. */
const maxTextBytes = 256 * 1024

/** Rules by their text. */
export class InlineRules {
  readonly #scanners = new Map<string, Promise<RuleScanner>>()

  /** Names of the rules that match, in the order of the text. Rejects when the rules do not compile, or with why not. */
  async scan(text: string, bytes: Uint8Array): Promise<readonly string[]> {
    const scanner = await this.#scannerOf(text)
    return (await scanner.scan(bytes)).map(({ rule }) => rule)
  }

  async close(): Promise<void> {
    const all = [...this.#scanners.values()]
    this.#scanners.clear()
    for (const one of all) await one.then((scanner) => scanner.close()).catch(() => {})
  }

  #scannerOf(text: string): Promise<RuleScanner> {
    const known = this.#scanners.get(text)
    if (known) return known
    const opened = open(text)
    this.#scanners.set(text, opened)
    const [oldest] = this.#scanners
    if (this.#scanners.size > maxTexts && oldest) {
      this.#scanners.delete(oldest[0])
      void oldest[1].then((scanner) => scanner.close()).catch(() => {})
    }
    return opened
  }
}

async function open(text: string): Promise<RuleScanner> {
  if (text.length > maxTextBytes)
    throw new Error(`a sigrule of ${text.length} characters; expected at most ${maxTextBytes}`)
  const source = { publisher: 'query', url: 'file:///', retrieved: '2023-03-29', licence: 'not stated' }
  const { rules, problems } = readRules([{ file: 'sigrule', set: 'rules/sigrule', text, source }])
  const scanner = new RuleScanner(rules)
  const [problem] = [...problems, ...(rules.length > 0 ? await scanner.problems() : [])]
  if (problem || rules.length === 0) {
    await scanner.close()
    throw new Error(`cannot use sigrule: ${problem ? `line ${problem.line}: ${problem.message}` : 'it holds no rule'}`)
  }
  return scanner
}
