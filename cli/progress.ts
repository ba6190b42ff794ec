/**
 * One line of progress on a terminal, at most ten times a second; nothing when nobody watches.
 */
import type { SweepProgress } from '../extension/sweep/sweep.ts'
import type { Terminal } from './command.ts'
import { printable } from './output/printable.ts'
import { bytesText, countText } from './report.ts'

const intervalMs = 100

/** Shows and clears the line. */
export class Progress {
  readonly #terminal: Terminal
  #last = 0
  #isShown = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Shows totals so far, unless the last were shown a moment ago. */
  show(root: string, progress: SweepProgress): void {
    const now = performance.now()
    if (!this.#terminal.isInteractive || now - this.#last < intervalMs) return
    this.#last = now
    this.#isShown = true
    const read = `${countText(progress.hashed)} read (${bytesText(progress.bytes)}), ${countText(progress.cached)} cached`
    const line = `${printable(root)}  ${countText(progress.files)} files, ${countText(progress.selected)} selected, ${read}`
    this.#terminal.stderr.write(`\r\u001b[K${line.slice(0, this.#terminal.width - 1)}`)
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#isShown) this.#terminal.stderr.write('\r\u001b[K')
    this.#isShown = false
  }
}
