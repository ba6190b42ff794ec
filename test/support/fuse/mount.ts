/**
 * The lying file system, mounted for a test. What it may do is in lies.ts.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LyingTree } from './lies.ts'

/** One mount; whoever waits for an answer gets an error when it is removed. */
export class LyingMount {
  readonly #place: string
  readonly #journal: string
  readonly #server: ChildProcess

  private constructor(place: string, journal: string, server: ChildProcess) {
    this.#place = place
    this.#journal = journal
    this.#server = server
  }

  /** Mounts it on a directory; undefined where the machine has no FUSE or does not let us. */
  static async on(place: string, tree: LyingTree): Promise<LyingMount | undefined> {
    if (!existsSync('/dev/fuse')) return undefined
    const journal = join(mkdtempSync(join(tmpdir(), 'threecx-lies-')), 'asked')
    const server = fork(join(import.meta.dirname, 'server.ts'), [place, tree, journal], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const mount = new LyingMount(place, journal, server)
    const said = await new Promise((resolve) => {
      server.once('message', resolve)
      server.once('exit', () => resolve('refused'))
    })
    if (said === 'mounted') return mount
    mount.remove()
    return undefined
  }

  /** What was asked of it, as `look name`, `open name`, `read name` and `list name`, each file's first read only. */
  asked(): readonly string[] {
    return readFileSync(this.#journal, 'utf8').split('\n').filter(Boolean)
  }

  /** Unmounts it. */
  remove(): void {
    this.#server.kill('SIGKILL')
    spawnSync('umount', ['-l', this.#place], { stdio: 'ignore' })
    rmSync(join(this.#journal, '..'), { recursive: true, force: true })
  }
}
