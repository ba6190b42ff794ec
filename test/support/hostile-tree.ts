/**
 * Trees that scanners have failed on, made in a fresh temporary directory and removed afterwards.
 *
 * Paths are given in the text form of domain/path-text.ts, so `bad\xff` is a name that is not UTF-8. What needs rights
 * or kernel features (devices, mounts) says whether it worked; a test skips, with a message, when it did not.
 */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type PathText, pathToBytes } from '../../extension/domain/path-text.ts'

/** One tree under construction. Call `remove` when done. */
export class HostileTree {
  /** Absolute, without symbolic links. */
  readonly root: string = join(realpathSync(mkdtempSync(join(tmpdir(), 'threecx-'))), 'tree')
  readonly #made = new Set<PathText>()
  readonly #mounts: string[] = []
  readonly #servers: Server[] = []

  constructor() {
    mkdirSync(this.root)
  }

  /** Raw absolute path of something in the tree. */
  at(path: PathText): Buffer {
    return Buffer.from(pathToBytes(path === '' ? this.root : `${this.root}/${path}`))
  }

  /** Makes a directory and those above it. */
  directory(path: PathText): void {
    if (this.#made.has(path)) return
    this.#made.add(path)
    mkdirSync(this.at(path), { recursive: true })
  }

  /** Writes a file, its directories included. */
  file(path: PathText, content: string | Uint8Array = path): void {
    const parent = path.lastIndexOf('/')
    if (parent > 0) this.directory(path.slice(0, parent))
    writeFileSync(this.at(path), content)
  }

  /** Makes a file of that many bytes without storing one of them. */
  sparse(path: PathText, size: number): void {
    this.file(path, '')
    truncateSync(this.at(path), size)
  }

  /** Makes a symbolic link. */
  link(path: PathText, target: string): void {
    symlinkSync(target, this.at(path))
  }

  /** Makes a second name for a file. */
  hardLink(path: PathText, existing: PathText): void {
    linkSync(this.at(existing), this.at(path))
  }

  /** Makes a FIFO nobody writes to. */
  fifo(path: PathText): void {
    // Commands take no names that are not UTF-8, so it is made beside the tree and moved in.
    const plain = join(dirname(this.root), 'fifo')
    run('mkfifo', [plain])
    renameSync(plain, this.at(path))
  }

  /** Makes a device node (of /dev/zero, whose reading never ends); false without the right to. */
  device(path: string): boolean {
    return run('mknod', [join(this.root, path), 'c', '1', '5'])
  }

  /** Binds a socket; it is open until the tree is removed. */
  async socket(path: string): Promise<void> {
    const server = createServer().listen(join(this.root, path))
    this.#servers.push(server)
    await new Promise((resolve) => server.once('listening', resolve))
  }

  /**
   * Makes nested directories with a file at the bottom whose whole path no system call takes; returns its path. Linux
   * only, because every level is made inside the open one above it.
   */
  abyss(levels: number, nameLength: number, file: string, content: string): PathText {
    const names = Array.from({ length: levels }, (_, level) => `${level}`.padEnd(nameLength, 'd'))
    let open = openSync(this.root, constants.O_RDONLY)
    for (const name of names) {
      const below = `/proc/self/fd/${open}/${name}`
      mkdirSync(below)
      const next = openSync(below, constants.O_RDONLY)
      closeSync(open)
      open = next
    }
    writeFileSync(`/proc/self/fd/${open}/${file}`, content)
    closeSync(open)
    return [...names, file].join('/')
  }

  /** Mounts an empty tmpfs, for any number of files, on a directory; false without the right to. */
  mountTmpfs(path: string): boolean {
    return this.#mount(path, ['-t', 'tmpfs', '-o', 'nr_inodes=0', 'none'])
  }

  /** Mounts a view of the kernel on a directory; false without the right to. */
  mountProc(path: string): boolean {
    return this.#mount(path, ['-t', 'proc', 'none'])
  }

  /** Shows a directory at a second place; false without the right to. */
  mountBind(path: string, existing: string): boolean {
    return this.#mount(path, ['--bind', join(this.root, existing)])
  }

  /** Unmounts and removes everything. */
  remove(): void {
    for (const server of this.#servers) server.close()
    for (const place of this.#mounts.reverse()) run('umount', [place])
    // rm of coreutils goes down by descriptors and so reaches what is too deep for a path.
    if (!run('rm', ['-rf', '--one-file-system', dirname(this.root)])) rmSync(dirname(this.root), { recursive: true })
  }

  #mount(path: string, how: readonly string[]): boolean {
    this.directory(path)
    const place = join(this.root, path)
    const isMounted = run('mount', [...how, place])
    if (isMounted) this.#mounts.push(place)
    return isMounted
  }
}

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}
